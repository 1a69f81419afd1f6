/* SPDX-License-Identifier: MIT */
/* The system with the shell, by typing at it. */
#include "drive.h"

#include <stdio.h>
#include <string.h>

#define SOON 20.0 /* seconds; a machine under emulation, beside other tests */

static struct machine m;
static const char *answer;

static const char *const plain[] = {"-M", "q35", "-m", "128M", NULL};

static void command(const char *text)
{
    answer = machine_command(&m, text, SOON);
}

static bool is(const char *text)
{
    return strcmp(answer, text) == 0;
}

static bool has(const char *text)
{
    return strstr(answer, text) != NULL;
}

static void check(const char *name, bool good)
{
    char full[128];

    snprintf(full, sizeof full, "shell.%s", name);
    test_check(&m, full, good);
}

static bool boot(const char *const *arguments)
{
    machine_start(&m, "system.manifest", arguments);
    return machine_expect(&m, "phoenix> ", SOON);
}

static void wrong_input(void)
{
    static const char *const lines[][2] = {
        {"nonsense", "no command is called `nonsense`; `help` lists them, `run` runs programs\n"},
        {"help nonsense", "help: no command is called `nonsense`\n"},
        {"caps 1 2", "caps: takes one number of a process, or nothing\n"},
        {"caps x", "caps: `x` is no number of a process; see `ps`\n"},
        {"caps 9999", "caps: no process has the number 9999; see `ps`\n"},
        {"top many", "top: takes how many tables, 1 to 3600, or nothing\n"},
        {"top 0", "top: takes how many tables, 1 to 3600, or nothing\n"},
        {"top 1 2", "top: takes how many tables, 1 to 3600, or nothing\n"},
        {"tap", "tap: takes the number of a process, and for how many seconds (1 to 3600)\n"},
        {"tap 3 0", "tap: takes the number of a process, and for how many seconds (1 to 3600)\n"},
        {"tap x", "tap: `x` is no number of a process; see `ps`\n"},
        {"tap 5", "tap: 5 is this shell, which would tell of its telling\n"},
        {"tap 9999", "tap: no process with an account of its own has the number 9999\n"},
        {"revoke", "revoke: takes the number of a process and of a hold; see `caps PID`\n"},
        {"revoke --below 1",
            "revoke: takes the number of a process and of a hold; see `caps PID`\n"},
        {"revoke 1 x", "revoke: `x` is no number of a hold; see `caps PID`\n"},
        {"revoke 9999 1", "revoke: no process has the number 9999; see `ps`\n"},
        {"revoke 1 9999", "revoke: init(1) has no hold #9999; see `caps 1`\n"},
        {"revoke 1 #5", "revoke: init(1)#5: the capability does not allow this\n"},
        {"ps x", "ps: takes no arguments\n"},
        {"exit many", "exit: takes one number from 0 to 255\n"},
        {"exit 256", "exit: takes one number from 0 to 255\n"},
        {"run", "run: no program is named; `help run` says more\n"},
        {"run ''", "run: the program's name is empty\n"},
        {"run --with", "run: --with: no names follow\n"},
        {"run --with a,,b ls", "run: --with: a name is empty\n"},
        {"run --witch a ls",
            "run: only --with and --tap are known before the program; `help run` says more\n"},
        {"run --with gold ls",
            "run: --with gold: this shell has nothing of that name to give; see `caps`\n"},
        {"run nothing", "run: nothing: no such program\n"},
        {"run /bin", "run: /bin: invalid argument\n"},
        {"run 'open", "a ' is missing\n"},
    };
    bool good = true;

    for (unsigned i = 0; good && i < sizeof lines / sizeof lines[0]; i++) {
        command(lines[i][0]);
        good = is(lines[i][1]);
        if (!good)
            printf("  %s: <%s>\n", lines[i][0], answer);
    }
    check("wrong_input_is_one_clear_line", good);
}

static void look_around(void)
{
    command("help");
    check("help_lists_every_command",
        has("caps") && has("revoke") && has("run") && has("ps") && has("top") && has("mem") &&
            has("log") && has("exit"));
    command("help run");
    check("help_of_a_command_says_how", has("run [--with NAME[,NAME...]] [--tap] [--] PROGRAM [ARG...]\n"));
    command("caps");
    check("caps_shows_name_interface_methods",
        has("namespace    Namespace       open status readLink write make") &&
            has("account      Account         balance newNotification identify grant\n"));
    command("ps");
    check("ps_shows_services", has("ramfs\n") && has("launcher\n") && has("shell\n"));
    command("mem");
    check("mem_shows_pages_holds_threads", has("pages") && has("holds") && has("threads"));
    command("log");
    check("log_shows_what_init_did", has("init: ramfs started"));
}

static const char *next_line(const char *text)
{
    const char *end = strchr(text, '\n');

    return end != NULL ? end + 1 : "";
}

/* Itself, its streams, and what was named: nothing else. */
static void exactly_what_is_named(void)
{
    static const char itself[] =
        "process      Process         exit status watch newThread accept keeper getpid\n"
        "                             stopped *\n"
        "thread       ThreadControl   exit yield sleep takeReply newRing self *\n"
        "space        AddressSpace    map populate unmap protect query clone copyReplace\n"
        "                             replace mapList *\n"
        "pool         FramePool       alloc info allocAt watch *\n"
        "stdin        Terminal        read info identify grant transfer\n"
        "stdout       Console         write identify grant transfer\n"
        "stderr       Console         write identify grant transfer\n";
    static const char last[] = "*  and what every capability can do:";
    size_t length = strlen(itself);

    command("run caps");
    check("run_gives_nothing_ambient",
        strncmp(answer, itself, length) == 0 && strncmp(answer + length, last, strlen(last)) == 0);
    command("run --with clock caps");
    answer += strncmp(answer, itself, length) == 0 ? length : 0;
    check("run_gives_exactly_what_is_named",
        strncmp(answer, "clock        Clock           now realtime calibration begin *\n*  and", 67) ==
            0);
    command("run --with entropy,clock caps");
    answer += strncmp(answer, itself, length) == 0 ? length : 0;
    check("run_gives_both_that_are_named",
        strncmp(answer, "entropy      Entropy  ", 22) == 0 &&
            strncmp(next_line(answer), "clock        Clock  ", 20) == 0 &&
            strncmp(next_line(next_line(answer)), last, strlen(last)) == 0);
}

static void programs(void)
{
    command("run /bin/busybox echo one \"two  words\" 'three $'");
    check("run_passes_arguments", is("one two  words three $\n"));
    command("run ls /");
    check("run_without_namespace_sees_no_files", has("No such file or directory"));
    command("run --with namespace ls /bin/busybox");
    check("run_with_namespace_sees_files", is("/bin/busybox\n"));
    command(
        "run --with namespace,clock -- ash -c 'echo written > /tmp/f; read x < /tmp/f; echo $x'");
    check("files_can_be_written", is("written\n"));
    command("run --with namespace wc -c /tmp/f");
    check("files_stay_after_their_program", has("8 /tmp/f"));
    command("run --with namespace cp /bin/busybox /tmp/busybox");
    command("run /tmp/busybox echo copied");
    check("programs_that_were_written_run", is("copied\n"));
    command("run /bin/busybox false");
    check("a_status_is_said", is("run: /bin/busybox: status 1\n"));
    command("run --with namespace sha256sum /bin/busybox /tmp/busybox");
    check("a_copy_has_the_same_bytes",
        strlen(answer) > 64 && memcmp(answer, strchr(answer, '\n') + 1, 64) == 0);
    command("run shell");
    check("a_native_program_without_console_is_told",
        has("it was handed no console") && has("run: shell: aborted"));
}

/* The process that `ps` calls so; 0: none. */
static unsigned pid_of(const char *name)
{
    char ending[64];
    unsigned pid = 0;

    command("ps");
    snprintf(ending, sizeof ending, "  %s\n", name);
    for (const char *line = answer; *line != 0; line = next_line(line)) {
        const char *end = strchr(line, '\n'), *found = strstr(line, ending);

        if (found != NULL && found < end)
            sscanf(line, "%u", &pid);
    }
    return pid;
}

static const char *commandf(const char *format, unsigned a, unsigned b)
{
    char text[100];

    snprintf(text, sizeof text, format, a, b);
    command(text);
    return answer;
}

/* Where in `caps PID` a hold of that interface is: its number; 0: nowhere. */
static unsigned hold_of(unsigned pid, const char *interface)
{
    char format[64];
    unsigned number = 0, found = 0;
    int end;

    snprintf(format, sizeof format, "#%%u %s %%n", interface);
    commandf("caps %u", pid, 0);
    for (const char *line = answer; *line != 0 && found == 0; line = next_line(line)) {
        end = 0;
        if (sscanf(line, format, &number, &end) == 1 && end != 0)
            found = number;
    }
    return found;
}

/* init has the account, the launcher a hold of it from init, a program one from there. */
static void holds(void)
{
    unsigned launcher = pid_of("launcher"), shell = pid_of("shell");
    char expected[100];

    commandf("caps 1", 0, 0);
    snprintf(expected, sizeof expected, "\n  shell(%u)#5 Account               balance "
        "newNotification identify grant\n", shell);
    check("caps_of_a_process_is_a_tree_across_processes",
        strncmp(answer, "init(1): ", 9) == 0 && has(" holds\n#1     Process ") && has(expected));
    snprintf(expected, sizeof expected, "\n    shell(%u)#", shell);
    check("caps_shows_what_was_derived_below_it", has(expected));
    commandf("caps %u", shell, 0);
    snprintf(expected, sizeof expected, "\n#12    Launcher                    create list process "
        "account identify grant\n       from init(1)#");
    check("caps_says_where_a_hold_is_from", has(expected));
    commandf("caps %u", launcher, 0);
    check("caps_of_a_service_is_its_own", has("launcher(") && has("#13    BootPackage "));
}

/* What `top` says of a process in the last of its tables: tenths of a percent, pages. */
static bool top_line(const char *name, unsigned *tenths, unsigned *pages)
{
    char ending[64];
    bool found = false;

    snprintf(ending, sizeof ending, "  %s\n", name);
    for (const char *line = answer; *line != 0; line = next_line(line)) {
        const char *at = strstr(line, ending);
        unsigned percent, tenth;

        if (at == NULL || at > strchr(line, '\n'))
            continue;
        found = sscanf(line, "%*u %u.%u %*u.%*u %u", &percent, &tenth, pages) == 3;
        *tenths = percent * 10 + tenth;
    }
    return found;
}

/* The shell has an account of its own, ramfs init's; a busy program has the core. */
static void top(void)
{
    unsigned tenths = 0, pages = 0, idle = 9999;

    command("top 1");
    check("top_is_by_account",
        has("CORE%") && top_line("shell", &tenths, &pages) && pages > 10 && pages < 192 &&
            top_line("init", &tenths, &pages) && pages > 192 && !has("  ramfs\n"));
    command("top 2");
    check("top_with_a_count_ends", top_line("shell", &idle, &pages) && idle < 500 &&
        strstr(strstr(answer, "CORE%") + 1, "CORE%") != NULL);
    machine_type(&m, "top\r");
    check("top_on_a_terminal_goes_on", machine_expect(&m, "a key ends this\n", SOON) &&
        machine_expect(&m, "CORE%", SOON) && machine_expect(&m, "a key ends this\n", SOON));
    machine_type(&m, "q");
    check("a_key_ends_top", machine_expect(&m, "phoenix> ", SOON));
    machine_type(&m, "top\r");
    machine_expect(&m, "a key ends this\n", SOON);
    machine_type(&m, "\003");
    check("control_c_ends_top", machine_expect(&m, "phoenix> ", SOON));
}

/* What a program asks, and only while it is tapped; not what it sends. */
static void tap(void)
{
    unsigned launcher = pid_of("launcher");

    command("run --tap --with clock,namespace -- ash -c 'while read x; do :; done < /README; sleep 1'");
    check("tap_shows_operations_and_results", has(": CALL method ") && has(" = ") &&
        has(": libnyx ") == false && !has("Phoenix"));
    commandf("tap %u 1", launcher, 0);
    check("tap_of_a_process_that_waits_is_silent", is("") || has("CALL"));
    command("run --tap caps");
    check("a_tap_ends_with_its_last_hold", has("process      Process") && !has("somebody taps"));
    machine_type(&m, "tap 3\r");
    check("tap_on_a_terminal_goes_on", machine_expect(&m, "a key ends this\n", SOON));
    machine_type(&m, "q");
    check("a_key_ends_tap", machine_expect(&m, "phoenix> ", SOON));
}

/* From this very shell, which has no use for either any more. */
static void revoke(void)
{
    unsigned shell = pid_of("shell"), entropy = hold_of(shell, "Entropy");
    char expected[200];

    commandf("revoke --below %u 5", shell, 0);
    snprintf(expected, sizeof expected, "revoke: shell(%u)#5 Account may not revoke; without "
        "--below the hold itself goes\n", shell);
    check("revoke_takes_no_more_than_the_process_could", is(expected));
    commandf("revoke %u 5", shell, 0);
    snprintf(expected, sizeof expected, "released: shell(%u)#5 Account, which may not revoke: "
        "0 below it live on\n", shell);
    check("revoke_of_what_may_not_lets_go", is(expected));
    command("mem");
    check("what_was_let_go_of_is_gone", !has("pages   "));
    commandf("revoke --below %u %u", shell, entropy);
    snprintf(expected, sizeof expected, "revoked: 0 below shell(%u)#%u Entropy\n", shell, entropy);
    check("revoke_below_leaves_the_hold", is(expected) && hold_of(shell, "Entropy") == entropy);
    snprintf(expected, sizeof expected, "revoked: shell(%u)#%u Entropy, and 0 below it\n", shell,
        entropy);
    commandf("revoke %u #%u", shell, entropy);
    check("revoke_says_what_was_cut", is(expected));
    commandf("revoke %u #%u", shell, entropy);
    snprintf(expected, sizeof expected, "revoke: shell(%u) has no hold #%u; see `caps %u`\n", shell,
        entropy, shell);
    check("what_was_revoked_is_gone", is(expected));
    command("caps");
    check("caps_says_that_it_is_gone", has("entropy      no such capability\n"));
    command("run --with entropy caps");
    check("what_was_revoked_cannot_be_given", has("run: --with entropy: "));
}

/* Numbers of `mem` before and after must be the same, to the unit. */
static void nothing_is_left(void)
{
    static char before[1000];
    bool good;

    command("run --with namespace rm /tmp/f /tmp/busybox");
    command("run /bin/busybox true");
    command("mem");
    snprintf(before, sizeof before, "%s", answer);
    for (unsigned i = 0; i < 20; i++) {
        command("run --with namespace sha256sum /bin/busybox");
        command("run nothing");
        command("run /etc/passwd");
    }
    command("mem");
    good = is(before);
    if (!good)
        printf("  before:\n%s  after:\n%s", before, answer);
    check("programs_that_ran_left_nothing", good);
}

static void control_c(void)
{
    machine_type(&m, "run --with clock sleep 1000\r");
    machine_expect(&m, "\n", SOON);
    machine_command(&m, "", 0.5);
    machine_type(&m, "\003");
    check(
        "control_c_ends_a_program", machine_expect(&m, "run: sleep: interrupted\nphoenix> ", SOON));
    machine_type(&m, "run yes\r");
    machine_expect(&m, "y\ny\ny\n", SOON);
    machine_type(&m, "\003");
    check("control_c_ends_a_program_that_writes",
        machine_expect(&m, "run: yes: interrupted\nphoenix> ", SOON));
    machine_type(&m, "some words");
    machine_expect(&m, "some words", SOON);
    machine_type(&m, "\003");
    check("control_c_ends_a_line", machine_expect(&m, "^C\nphoenix> ", SOON));
    command("help help");
    check("the_shell_goes_on", has("help [COMMAND]\n"));
}

static void line_editing(void)
{
    machine_type(&m, "run ecko\177\177ho edited\033[D\033[D\001\033[C\005!\r");
    check("lines_can_be_edited",
        machine_expect(&m, "\nedited!\n", SOON) && machine_expect(&m, "phoenix> ", SOON));
    machine_type(&m, "\033[A\r");
    check("the_last_line_comes_back",
        machine_expect(&m, "\nedited!\n", SOON) && machine_expect(&m, "phoenix> ", SOON));
    machine_type(&m, "hel\tru\t\r");
    check("tab_completes",
        machine_expect(&m, "help ru", SOON) && machine_expect(&m, "phoenix> ", SOON));
}

static void input(void)
{
    machine_type(&m, "run head -n 1\r");
    machine_expect(&m, "\n", SOON);
    machine_type(&m, "this is not\027its input\r");
    check(
        "a_program_reads_an_edited_line", machine_expect(&m, "this is its input\nphoenix> ", SOON));
    machine_type(&m, "run wc -c\r");
    machine_expect(&m, "\n", SOON);
    machine_type(&m, "12345\r\004");
    check("control_d_ends_its_input", machine_expect(&m, "\n6\nphoenix> ", SOON));
    machine_type(&m, "run --with namespace,clock vi /tmp/text\r");
    machine_expect(&m, "/tmp/text 1/1 100%", SOON);
    machine_type(&m, "itext\033");
    machine_expect(&m, "[Modified]", SOON);
    machine_type(&m, ":wq\r");
    machine_expect(&m, "phoenix> ", SOON);
    command("run --with namespace cat /tmp/text");
    check("a_program_may_take_keys_one_by_one", is("text\n"));
    command("run --with namespace rm /tmp/text");
}

static void other_machines(void)
{
    static const char *const machines[][8] = {
        {"-M", "q35", "-m", "16M", "-smp", "1"},
        {"-M", "pc", "-m", "64M", "-smp", "2"},
        {"-M", "microvm,acpi=on,isa-serial=on", "-m", "64M", "-smp", "4"},
        {"-M", "q35", "-m", "4G", "-smp", "2"},
    };

    for (unsigned i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        char name[96];
        bool good = boot(machines[i]);

        command("run --with namespace sha256sum /bin/busybox");
        good = good && has("/bin/busybox\n");
        machine_type(&m, "exit 7\r");
        snprintf(name, sizeof name, "boots_and_hashes/%.7s,%s,%s", machines[i][1], machines[i][3],
            machines[i][5]);
        check(name, machine_end(&m, SOON) == 7 && good);
    }
}

int main(void)
{
    check("prompt_appears", boot(plain));
    wrong_input();
    look_around();
    holds();
    exactly_what_is_named();
    programs();
    control_c();
    line_editing();
    input();
    nothing_is_left();
    top();
    tap();
    revoke();
    machine_type(&m, "exit 42\r");
    check("exit_turns_the_machine_off_with_its_status", machine_end(&m, SOON) == 42);
    other_machines();
    return test_failures != 0;
}

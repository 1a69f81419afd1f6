/* SPDX-License-Identifier: MIT */
/*
 * The shell ends while the machine goes on: init starts it again with what it had
 * before, and says so in the log; one that can only crash is given up.
 */
#include "drive.h"

#include <stdio.h>
#include <string.h>

#define SOON 20.0 /* seconds; a machine under emulation, beside other tests */

static struct machine m;
static char before[8192];

static const char *const machine[] = {"-M", "q35", "-m", "64M", "-smp", "2", NULL};

static unsigned occurrences(const char *text, const char *what)
{
    unsigned n = 0;

    while ((text = strstr(text, what)) != NULL) {
        text += strlen(what);
        n++;
    }
    return n;
}

/* Twice, for the second shell has no fewer lives than the first. */
static void shell_ends(void)
{
    bool again = true, same = true;
    const char *listed;

    snprintf(before, sizeof before, "%s", machine_command(&m, "caps", SOON));
    for (unsigned i = 0; i < 2; i++) {
        machine_type(&m, "exit 3\r");
        again = again && machine_expect(&m, "\nphoenix> ", SOON);
        same = same && strcmp(machine_command(&m, "caps", SOON), before) == 0;
    }
    test_check(&m, "restart.the_shell_is_started_again", again);
    test_check(&m, "restart.it_has_the_same_capabilities",
        same && strstr(before, "\nlauncher     Launcher ") != NULL);
    listed = machine_command(&m, "ps", SOON);
    test_check(&m, "restart.ps_shows_it_once", occurrences(listed, " shell\n") == 1);
    listed = machine_command(&m, "run --with clock caps", SOON);
    test_check(&m, "restart.it_works_as_before", strstr(listed, "\nclock ") != NULL);
}

static void log_says_so(void)
{
    const char *log = machine_command(&m, "log", SOON);
    bool ended = occurrences(log, "init: shell ended with status 3") == 2 &&
                 occurrences(log, "init: starting shell again") == 2;

    test_check(&m, "restart.the_log_says_so", ended);
    test_check(&m, "restart.one_that_crashes_is_started_again",
        occurrences(log, "init: mute crashed: signal 6") == 5 &&
            occurrences(log, "init: starting mute again") == 4);
    test_check(&m, "restart.one_that_crashes_at_once_is_given_up",
        occurrences(log, "init: mute: given up after it ended at once 5 times") == 1);
}

int main(void)
{
    machine_start(&m, "restart.manifest", machine);
    test_check(&m, "restart.prompt_appears",
        machine_expect(&m, "mute: given up", SOON) && machine_expect(&m, "\n", SOON));
    machine_type(&m, "\r");
    machine_expect(&m, "\nphoenix> ", SOON);
    machine_command(&m, "", 1.0);
    shell_ends();
    log_says_so();
    machine_end(&m, 0);
    return test_failures != 0;
}

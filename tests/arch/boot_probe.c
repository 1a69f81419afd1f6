/* SPDX-License-Identifier: MIT */
/*
 * A kernel that only looks whether the hardware layer keeps the promises of arch.h, on
 * a machine: what boot found, other cores, the clock, the ways in and out of ring 3, and
 * (word `probe=` on the command line) the ways to die. boot_test.sh reads what it says.
 *
 *   probe=fault|overflow|smap|smep|text|constant|direct|ram   do that in ring 0
 *   probe=reboot                                 restart the machine
 *   probe=input                                  count bytes up to a Z
 *   probe=long                                   wait for longer than the timer can count
 *   probe=stop                                   stop the other cores
 *   (none)                                       the tests in ring 3, then power off
 */
#include "cpu.h"
#include "text.h"
#include "probe.h"

struct thread {
    struct phx_registers regs;
    uint64_t resume_full;
    uint64_t faults[VECTORS];
    uint64_t last_error, last_address;
};
_Static_assert(offsetof(struct thread, resume_full) == 144, "regs.h");

#define USER_CODE 0x400000
#define USER_STACK_PAGE 0x500000
#define PAGE 4096

struct cpu cpus[CPUS_MAX];
unsigned cpu_count;

static struct thread user;
static const struct boot_info *boot;
static unsigned online; /* atomic */
static unsigned wakeups, flushes, timers, timers_in_kernel;
static volatile bool input_ended, spin;
static uint64_t spins[CPUS_MAX]; /* atomic */
static uint32_t input_count, input_sum;
static uint8_t fpu_area[8192] __attribute__((aligned(64)));

extern const char probe_user_start[], probe_user_end[];

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    text_vfmt(text, sizeof text - 2, format, arguments);
    va_end(arguments);
    size_t length = __builtin_strlen(text);

    text[length] = '\n';
    arch_serial_write(text, length + 1);
}

static void say_line(const char *text)
{
    say("%s", text);
}

static uint64_t now(void)
{
    unsigned __int128 ticks = arch_tsc() - arch_clock.tsc_base;

    return arch_clock.ns_base + (uint64_t)(ticks * arch_clock.multiplier >> arch_clock.shift);
}

/* --- what arch calls -------------------------------------------------------- */

void kernel_epitaph(const char *what, const struct phx_registers *registers, uint64_t address)
{
    arch_stop_others();
    say("EPITAPH %s at 0x%lx on core %u", what, address, this_cpu()->index);
    arch_backtrace(registers, say_line);
    arch_shutdown(42);
}

static void report(uint64_t number, uint64_t value)
{
    switch (number) {
    case REPORT_FAIL:
        say("FAIL user test %lu", value);
        break;
    case REPORT_OK:
        say("ok user test %lu", value);
        break;
    case REPORT_CLOCK:
        say("null syscall: %lu tsc ticks for %u", value, SYSCALLS);
        break;
    case REPORT_END:
        for (unsigned i = 0; i < VECTORS; i++) {
            if (user.faults[i] != 0)
                say("vector %u: %lu", i, user.faults[i]);
        }
        say("timer interrupts: %s in ring 3, %s in ring 0", timers ? "some" : "none",
            timers_in_kernel ? "some" : "none");
        say("END");
        arch_shutdown(3);
    }
}

/* Whatever the program has in its flags: AC would turn SMAP off, DF the string
 * instructions around. */
static void check_flags(void)
{
    uint64_t flags;

    __asm__ volatile("pushfq\n\tpop %0" : "=r"(flags));
    if (flags & (RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC))
        say("FAIL the kernel runs with flags 0x%lx", flags);
}

static __attribute__((noinline)) void slow_call(struct thread *current)
{
    check_flags();
    switch (current->regs.rax) {
    case PROBE_REPORT:
        report(current->regs.rdi, current->regs.rsi);
        return;
    case PROBE_WILD_RIP:
        current->regs.rax = current->regs.rip;
        current->regs.rip = 0x0000800000000000;
        current->resume_full = 1;
        return;
    case PROBE_BASES:
        current->regs.rax = arch_fs_base() ^ arch_gs_base();
        arch_set_bases(arch_fs_base() + 8, arch_gs_base() + 16);
        return;
    case PROBE_FAULTS:
        current->regs.rax = current->faults[current->regs.rdi];
        return;
    case PROBE_TIMER:
        arch_timer_arm(100000);
        return;
    case PROBE_TIMERS:
        current->regs.rax = timers;
        return;
    case PROBE_SET_FLAGS:
        current->regs.rflags = arch_user_flags(current->regs.rdi);
        return;
    }
    say("FAIL unknown call %lu", current->regs.rax);
}

bool kernel_syscall(struct thread *current)
{
    if (current->regs.rax == PROBE_NOP)
        return true;
    slow_call(current);
    return false;
}

/* The user's code leaves in rdi how many bytes the faulting instruction has; a wild
 * rip is put back from rax. */
bool kernel_fault(struct thread *current, unsigned vector, uint64_t error, uint64_t address)
{
    check_flags();
    current->faults[vector]++;
    current->last_error = error;
    current->last_address = address;
    if (vector == 7) {
        arch_fpu_trap(false);
        arch_fpu_load(fpu_area);
        return false;
    }
    if (vector == 1) {
        current->regs.rflags &= ~0x100UL;
        return false;
    }
    if (current->regs.rip == 0x0000800000000000)
        current->regs.rip = current->regs.rax;
    else if (current->regs.rip == VSYSCALL)
        current->regs.rip = current->regs.r13;
    else if (vector != 3 && vector != 128)
        current->regs.rip += current->regs.rdi;
    current->regs.rsi = current->regs.rdi == 0 ? error : address;
    return false;
}

void kernel_timer(bool from_user)
{
    if (from_user)
        timers++;
    else
        timers_in_kernel++;
}

void kernel_irq(unsigned line, bool from_user)
{
    (void)line;
    (void)from_user;
    arch_irq_end();
    for (int c; (c = arch_serial_read()) >= 0; input_count++) {
        input_sum = (input_sum * 31 + (uint32_t)c) % 1000003;
        input_ended = input_ended || c == 'Z';
    }
}

void kernel_wakeup(bool from_user)
{
    (void)from_user;
    __atomic_add_fetch(&wakeups, 1, __ATOMIC_RELAXED);
}

void kernel_flush_requested(void)
{
    __atomic_add_fetch(&flushes, 1, __ATOMIC_RELAXED);
}

void kernel_cpu_main(void)
{
    struct cpu *c = this_cpu();

    if (c->self != c || &cpus[c->index] != c)
        say("FAIL per-CPU data of core %u", c->index);
    __atomic_add_fetch(&online, 1, __ATOMIC_RELAXED);
    while (!spin)
        arch_idle();
    for (;;)
        __atomic_add_fetch(&spins[c->index], 1, __ATOMIC_RELAXED);
}

/* --- what it does ------------------------------------------------------------- */

static uint64_t take_page(void)
{
    static uint64_t at;
    const struct boot_region *last = &boot->regions[boot->region_count - 1];

    at += PAGE;
    page_zero(direct(last->base + last->size - at));
    return last->base + last->size - at;
}

static void say_boot(void)
{
    uint64_t usable = 0;

    say("PROBE loader %s, command line \"%s\"", boot->loader, boot->command_line);
    for (unsigned i = 0; i < boot->region_count; i++) {
        say("region %lx + %lx", boot->regions[i].base, boot->regions[i].size);
        usable += boot->regions[i].size;
    }
    say("memory: %lu KiB, %lu KiB usable, direct map to %lx", boot->memory_bytes >> 10,
        usable >> 10, boot->phys_end);
    say("module: %lx + %lx", boot->module_base, boot->module_size);
    say("acpi: %s", boot->rsdp ? "yes" : "no");
    say("tsc: %lu kHz", (1000000UL << 32) / arch_clock.multiplier);
    say("extended state: %u bytes", arch_fpu_size);
    say("random differs: %s", arch_random() != arch_random() ? "yes" : "no");
}

/* Every usable page's first and last word, up to 64 MiB of them. */
static void check_memory(void)
{
    unsigned pages = 0;

    for (unsigned i = boot->region_count; i-- > 0;) {
        for (uint64_t at = 0; at < boot->regions[i].size && pages < 16384; at += PAGE, pages++) {
            uint64_t *words = direct(boot->regions[i].base + at);

            words[0] = words[511] = (uint64_t)words;
        }
    }
    for (unsigned i = boot->region_count; i-- > 0 && pages < 16384;) {
        for (uint64_t at = 0; at < boot->regions[i].size; at += PAGE) {
            uint64_t *words = direct(boot->regions[i].base + at);

            if (words[0] != (uint64_t)words || words[511] != (uint64_t)words)
                say("FAIL memory at %lx", boot->regions[i].base + at);
        }
    }
}

static void start_cores(void)
{
    uint64_t start = now();

    cpu_count = arch_start_cpus();
    say("cores: %u", cpu_count);
    while (__atomic_load_n(&online, __ATOMIC_RELAXED) < cpu_count - 1 &&
           now() - start < 1000000000)
        arch_pause();
    for (unsigned i = 1; i < cpu_count; i++) {
        arch_send_wakeup(i);
        arch_send_flush(i);
    }
    while ((__atomic_load_n(&wakeups, __ATOMIC_RELAXED) < cpu_count - 1 ||
            __atomic_load_n(&flushes, __ATOMIC_RELAXED) < cpu_count - 1) &&
           now() - start < 1000000000)
        arch_pause();
    say("online %u, wakeups %u, flushes %u", online + 1, wakeups, flushes);
}

/* The timer against the clock, in the idle state; the line that follows the boot
 * prompt comes in by interrupt. */
static void check_timer(void)
{
    uint64_t start = now();

    arch_timer_arm(2000000);
    while (timers_in_kernel == 0 && now() - start < 1000000000)
        arch_idle();
    uint64_t took = now() - start;

    say("timer: 2 ms took %s", took >= 1900000 && took < 200000000 ? "about that" : "WRONG");
    arch_timer_arm(1000000);
    while (timers_in_kernel == 1 && now() - start < 1000000000)
        arch_interrupt_window();
    say("window: %s", timers_in_kernel == 2 ? "yes" : "NO");
    arch_timer_arm(50000000);
    arch_timer_arm(0);
}

static uint64_t overflow(volatile uint64_t depth)
{
    return depth != 0 ? overflow(depth + 1) + depth : 0;
}

static void wait_ms(uint64_t ms)
{
    uint64_t start = now();

    while (now() - start < ms * 1000000)
        arch_pause();
}

/* Whether core `i` counts no more. */
static bool stands(unsigned i)
{
    uint64_t before = __atomic_load_n(&spins[i], __ATOMIC_RELAXED);

    wait_ms(100);
    return before == __atomic_load_n(&spins[i], __ATOMIC_RELAXED);
}

/* The others count with interrupts off, until they are stopped. An emulator that has
 * little time may be late with that. */
static void check_stop(void)
{
    spin = true;
    for (unsigned i = 1; i < cpu_count; i++)
        arch_send_wakeup(i);
    for (unsigned i = 1; i < cpu_count; i++)
        for (unsigned tries = 0; tries < 40 && stands(i); tries++)
            ;
    arch_stop_others();
    wait_ms(50);
    for (unsigned i = 1; i < cpu_count; i++) {
        unsigned still = 0; /* looks in a row: it may only have had no time to run */

        for (unsigned tries = 0; tries < 40 && still < 6; tries++)
            still = stands(i) ? still + 1 : 0;
        if (spins[i] == 0 || still < 6)
            say("FAIL core %u %s", i, spins[i] ? "did not stop" : "did not run");
    }
    say("others ran and stopped");
    arch_shutdown(3);
}

static void check_long_timer(void)
{
    uint64_t start = now();
    uint64_t end = start + 20000000000, at = start;

    while (at < end) {
        arch_timer_arm(end - at);
        arch_idle();
        at = now();
    }
    say("20 s took %lu ms", (at - start) / 1000000);
    arch_shutdown(3);
}

/* A page of memory that is nobody's, as a function that returns at once. */
static void execute_memory(void)
{
    uint8_t *page = direct(take_page());

    *page = 0xc3;
    ((void (*)(void))page)();
}

static void die_as_told(void)
{
    const char *word = boot->command_line;
    volatile uint64_t *address = (volatile uint64_t *)USER_STACK_PAGE;

    while (*word != 0 && __builtin_memcmp(word, "probe=", 6) != 0)
        word++;
    if (*word == 0)
        return;
    word += 6;
    if (__builtin_memcmp(word, "fault", 5) == 0)
        *(volatile uint64_t *)0x123450 = 1;
    else if (__builtin_memcmp(word, "overflow", 8) == 0)
        say("overflow did not end: %lu", overflow(1));
    else if (__builtin_memcmp(word, "smap", 4) == 0)
        say("smap did not hold: %lx", *address);
    else if (__builtin_memcmp(word, "smep", 4) == 0)
        ((void (*)(void))USER_CODE)();
    else if (__builtin_memcmp(word, "text", 4) == 0)
        *(volatile char *)direct((uint64_t)&kernel_main - KERNEL_BASE) = 0;
    else if (__builtin_memcmp(word, "constant", 8) == 0)
        *(volatile char *)(uint64_t)probe_user_start = 0;
    else if (__builtin_memcmp(word, "direct", 6) == 0)
        ((void (*)(void))direct((uint64_t)&kernel_main - KERNEL_BASE))();
    else if (__builtin_memcmp(word, "ram", 3) == 0)
        execute_memory();
    else if (__builtin_memcmp(word, "reboot", 6) == 0)
        arch_reboot();
    if (__builtin_memcmp(word, "input", 5) == 0) {
        say("send");
        while (!input_ended)
            arch_idle();
        say("input: %u bytes, sum %u", input_count, input_sum);
        arch_shutdown(0);
    }
    if (__builtin_memcmp(word, "long", 4) == 0)
        check_long_timer();
    if (__builtin_memcmp(word, "stop", 4) == 0)
        check_stop();
    say("FAIL still alive");
    arch_shutdown(1);
}

/* The entry of a page, with all tables down to it. */
static pte_t *page_entry(uint64_t root, uint64_t address)
{
    unsigned shift;
    pte_t *entry;

    while (entry = arch_entry(root, address, &shift), shift > PHX_PAGE_SHIFT)
        arch_table_link(entry, shift, take_page());
    return entry;
}

static void make_user(void)
{
    uint64_t root = take_page(), code = take_page(), stack = take_page();

    arch_root_init(root);
    __builtin_memcpy(direct(code), probe_user_start,
                     (size_t)(probe_user_end - probe_user_start));
    *page_entry(root, USER_CODE) =
        arch_pte_value(code, PHX_PROT_READ | PHX_PROT_EXECUTE);
    *page_entry(root, USER_STACK_PAGE) =
        arch_pte_value(stack, PHX_PROT_READ | PHX_PROT_WRITE);
    say("page tables made");
    arch_root_load(root);
    user.regs.rip = USER_CODE;
    user.regs.rsp = USER_STACK_PAGE + PAGE;
    user.regs.rflags = arch_user_flags(0);
    user.resume_full = 1;
    arch_fpu_init(fpu_area);
    this_cpu()->current = &user;
}

void kernel_main(const struct boot_info *info)
{
    uint64_t ticks = arch_tsc();

    boot = info;
    say("boot: %lu tsc ticks since reset", ticks);
    say_boot();
    arch_irq_set(4, true); /* COM1's, as a driver would */
    check_memory();
    start_cores();
    check_timer();
    make_user();
    die_as_told();
    arch_enter_user();
}

/* SPDX-License-Identifier: MIT */
/*
 * A kernel that knows where it has been: whenever the machine is turned off, it says
 * which edges of its control flow were ever taken. The places of the edges are in the
 * image; coverage.js puts the two together.
 *
 *   coverage begins
 *   0123abcd...        edges in the order of the tables, four a digit, the lowest first
 *   coverage ends INSTRUCTIONS
 */
#include "arch/x86_64/machine.h"
#include "text.h"
#include "kernel.h"

#include "tests/fuzz/count.h"

extern const bool coverage_bools[], coverage_bools_end[];

/* Where a constructor would say where the tables are; nobody runs those here. */
void __sanitizer_cov_bool_flag_init(bool *start, bool *end);
void __sanitizer_cov_bool_flag_init(bool *start, bool *end)
{
    (void)start;
    (void)end;
}

void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *end);
void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *end)
{
    (void)start;
    (void)end;
}

static void say(const char *text)
{
    arch_serial_write(text, __builtin_strlen(text));
}

static void dump(void)
{
    size_t edges = (size_t)(coverage_bools_end - coverage_bools);
    char line[65];

    say("\ncoverage begins\n");
    for (size_t at = 0; at < edges; at += 4 * (sizeof line - 1)) {
        size_t n = 0;

        for (; n < sizeof line - 1 && at + 4 * n < edges; n++) {
            unsigned digit = 0;

            for (size_t bit = 0; bit < 4 && at + 4 * n + bit < edges; bit++)
                digit |= (unsigned)coverage_bools[at + 4 * n + bit] << bit;
            line[n] = "0123456789abcdef"[digit];
        }
        line[n] = 0;
        say(line);
        say("\n");
    }
    text_fmt(line, sizeof line, "coverage ends %lu\n", instructions_done());
    say(line);
}

_Noreturn void __real_arch_shutdown(unsigned status);
_Noreturn void __wrap_arch_shutdown(unsigned status);
_Noreturn void __wrap_arch_shutdown(unsigned status)
{
    dump();
    __real_arch_shutdown(status);
}

_Noreturn void __real_arch_reboot(void);
_Noreturn void __wrap_arch_reboot(void);
_Noreturn void __wrap_arch_reboot(void)
{
    dump();
    __real_arch_reboot();
}

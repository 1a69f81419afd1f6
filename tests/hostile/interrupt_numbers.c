/* SPDX-License-Identifier: MIT */
/*
 * `int n` for every n: a breakpoint for 3, a foreign system call for 0x80, and for all
 * others a general protection fault that names the gate. Then int1, int3 and into.
 *
 * Gets  256 numbers, 3 short forms
 */
#include "hostile.h"

static void number(unsigned n)
{
    const uint8_t code[] = {0xcd, (uint8_t)n};
    struct trap t = attempt_bytes(code, sizeof code);

    if (n == 3)
        MUST(t.kind == PHX_UPCALL_EXCEPTION && t.vector == 3, "int 3: vector %lu", t.vector);
    else if (n == 0x80)
        MUST(t.kind == PHX_UPCALL_EXCEPTION || t.kind == PHX_UPCALL_SYSCALL, "int 0x80: kind %lu",
            t.kind);
    else
        /* QEMU 7.2 says n * 16 + 2. */
        MUST(t.kind == PHX_UPCALL_EXCEPTION && t.vector == 13 &&
                 (t.error == n * 8 + 2 || t.error == n * 16 + 2),
            "int %u: kind %lu vector %lu error %lu", n, t.kind, t.vector, t.error);
}

static void short_form(const char *name, uint8_t code, uint64_t vector, uint64_t other)
{
    struct trap t = attempt_bytes(&code, 1);

    MUST(t.kind == PHX_UPCALL_EXCEPTION && (t.vector == vector || t.vector == other),
        "%s: kind %lu vector %lu", name, t.kind, t.vector);
}

int main(void)
{
    for (unsigned n = 0; n < 256; n++)
        number(n);
    short_form("int1", 0xf1, 1, 6); /* QEMU has not got it */
    short_form("int3", 0xcc, 3, 3);
    short_form("into", 0xce, 6, 6);
    rt_print("256 numbers, 3 short forms\n");
    return 0;
}

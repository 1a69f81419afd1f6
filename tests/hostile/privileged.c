/* SPDX-License-Identifier: MIT */
/*
 * Every privileged instruction: a general protection fault each, or an invalid opcode
 * where the processor or the kernel has not got it.
 *
 * Gets  # instructions refused
 */
#include "hostile.h"

#define GP 13
#define UD 6

/* Length, then bytes; [rsp - 64] is the memory operand. */
struct instruction {
    const char *name;
    uint8_t vector, other; /* what it must raise, or this */
    const char *bytes;
    uint8_t length;
};
#define I(name, vector, other, bytes)                                                              \
    {                                                                                              \
        name, vector, other, bytes, sizeof bytes - 1                                               \
    }

static const struct instruction instructions[] = {
    I("hlt", GP, GP, "\xf4"),
    I("cli", GP, GP, "\xfa"),
    I("sti", GP, GP, "\xfb"),
    I("in al, dx", GP, GP, "\xec"),
    I("in eax, dx", GP, GP, "\xed"),
    I("in al, 0x60", GP, GP, "\xe4\x60"),
    I("in eax, 0xf4", GP, GP, "\xe5\xf4"),
    I("out dx, al", GP, GP, "\xee"),
    I("out dx, eax", GP, GP, "\xef"),
    I("out 0xf4, al", GP, GP, "\xe6\xf4"),
    I("out 0x80, eax", GP, GP, "\xe7\x80"),
    I("insb", GP, GP, "\x6c"),
    I("insd", GP, GP, "\x6d"),
    I("outsb", GP, GP, "\x6e"),
    I("rep outsd", GP, GP, "\xf3\x6f"),
    I("mov rax, cr0", GP, GP, "\x0f\x20\xc0"),
    I("mov rax, cr1", UD, GP, "\x0f\x20\xc8"),
    I("mov rax, cr2", GP, GP, "\x0f\x20\xd0"),
    I("mov rax, cr3", GP, GP, "\x0f\x20\xd8"),
    I("mov rax, cr4", GP, GP, "\x0f\x20\xe0"),
    I("mov rax, cr8", GP, GP, "\x44\x0f\x20\xc0"),
    I("mov cr0, rax", GP, GP, "\x0f\x22\xc0"),
    I("mov cr2, rax", GP, GP, "\x0f\x22\xd0"),
    I("mov cr3, rax", GP, GP, "\x0f\x22\xd8"),
    I("mov cr4, rax", GP, GP, "\x0f\x22\xe0"),
    I("mov cr8, rax", GP, GP, "\x44\x0f\x22\xc0"),
    I("mov cr15, rax", GP, UD, "\x44\x0f\x22\xf8"),
    I("clts", GP, GP, "\x0f\x06"),
    I("lmsw ax", GP, GP, "\x0f\x01\xf0"),
    I("rdmsr", GP, GP, "\x0f\x32"),
    I("wrmsr", GP, GP, "\x0f\x30"),
    I("rdpmc", GP, GP, "\x0f\x33"),
    I("xsetbv", GP, UD, "\x0f\x01\xd1"),
    I("lgdt", GP, GP, "\x0f\x01\x54\x24\xc0"),
    I("lidt", GP, GP, "\x0f\x01\x5c\x24\xc0"),
    I("lldt ax", GP, GP, "\x0f\x00\xd0"),
    I("ltr ax", GP, GP, "\x0f\x00\xd8"),
    I("sgdt", GP, GP, "\x0f\x01\x44\x24\xc0"),
    I("sidt", GP, GP, "\x0f\x01\x4c\x24\xc0"),
    I("sldt eax", GP, GP, "\x0f\x00\xc0"),
    I("str eax", GP, GP, "\x0f\x00\xc8"),
    I("smsw eax", GP, GP, "\x0f\x01\xe0"),
    I("invlpg", GP, GP, "\x0f\x01\x7c\x24\xc0"),
    I("invpcid", GP, UD, "\x66\x0f\x38\x82\x44\x24\xc0"),
    I("invd", GP, GP, "\x0f\x08"),
    I("wbinvd", GP, GP, "\x0f\x09"),
    I("swapgs", GP, UD, "\x0f\x01\xf8"),
    I("sysretl", GP, UD, "\x0f\x07"),
    I("sysretq", GP, UD, "\x48\x0f\x07"),
    I("sysexit", GP, UD, "\x0f\x35"),
    I("sysexitq", GP, UD, "\x48\x0f\x35"),
    I("monitor", UD, GP, "\x0f\x01\xc8"),
    I("mwait", UD, GP, "\x0f\x01\xc9"),
    I("clac", UD, UD, "\x0f\x01\xca"),
    I("stac", UD, UD, "\x0f\x01\xcb"),
    I("xsaves", UD, GP, "\x0f\xc7\x6c\x24\xc0"),
    I("xrstors", UD, GP, "\x0f\xc7\x5c\x24\xc0"),
    I("rdpkru", UD, GP, "\x0f\x01\xee"),
    I("wrpkru", UD, GP, "\x0f\x01\xef"),
    I("rsm", UD, UD, "\x0f\xaa"),
    I("vmcall", UD, GP, "\x0f\x01\xc1"),
    I("vmlaunch", UD, GP, "\x0f\x01\xc2"),
    I("vmresume", UD, GP, "\x0f\x01\xc3"),
    I("vmxoff", UD, GP, "\x0f\x01\xc4"),
    I("vmrun", UD, GP, "\x0f\x01\xd8"),
    I("vmmcall", UD, UD, "\x0f\x01\xd9"),
    I("vmload", UD, GP, "\x0f\x01\xda"),
    I("vmsave", UD, GP, "\x0f\x01\xdb"),
    I("stgi", UD, GP, "\x0f\x01\xdc"),
    I("clgi", UD, GP, "\x0f\x01\xdd"),
    I("skinit", UD, GP, "\x0f\x01\xde"),
    I("invlpga", UD, GP, "\x0f\x01\xdf"),
    I("encls", UD, GP, "\x0f\x01\xcf"),
    I("getsec", UD, GP, "\x0f\x37"),
    I("ud0", UD, UD, "\x0f\xff\xc0"),
    I("ud1", UD, UD, "\x0f\xb9\xc0"),
    I("ud2", UD, UD, "\x0f\x0b"),
};

int main(void)
{
    unsigned refused = 0;

    for (const struct instruction *i = instructions; i < instructions + COUNT(instructions); i++) {
        struct trap t = attempt_bytes(i->bytes, i->length);

        MUST(t.kind == PHX_UPCALL_EXCEPTION, "%s: kind %lu", i->name, t.kind);
        MUST(t.vector == i->vector || t.vector == i->other, "%s: vector %lu", i->name, t.vector);
        refused++;
    }
    rt_print("%u instructions refused\n", refused);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Extended state that is none: reserved bits in MXCSR, images that xrstor and fxrstor
 * must refuse, components that are not there; then exceptions unmasked and pending
 * while the kernel switches.
 *
 * Gets  # refused, # switches with exceptions unmasked
 */
#include "hostile.h"

static uint8_t area[4096] __attribute__((aligned(64)));

static void load_mxcsr(uint64_t value)
{
    uint32_t mxcsr = (uint32_t)value;

    __asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
}

static void restore(uint64_t mask)
{
    __asm__ volatile("xrstor %0" ::"m"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32)));
}

static void restore_legacy(uint64_t offset)
{
    __asm__ volatile("fxrstor (%0)" ::"r"(area + offset) : "memory");
}

static void save(uint64_t offset)
{
    __asm__ volatile("xsave (%0)" ::"r"(area + offset), "a"(7), "d"(0) : "memory");
}

static void divide(uint64_t zero)
{
    __asm__ volatile(
        "cvtsi2sd %0, %%xmm0\n\tcvtsi2sd %1, %%xmm1\n\tdivsd %%xmm0, %%xmm1" ::"r"(zero), "r"(1L));
}

static void divide_x87(uint64_t zero)
{
    volatile double d = 0;

    (void)zero;
    __asm__ volatile("fnclex\n\tfld1\n\tfdivl %0\n\tfwait" ::"m"(d));
}

static uint64_t *header(unsigned word)
{
    return (uint64_t *)(void *)(area + 512) + word;
}

static unsigned refused;

/* What QEMU does not look at. */
static void refuse_or_ignore(const char *what, void (*f)(uint64_t), uint64_t argument)
{
    struct trap t = attempt(f, argument);

    MUST(t.kind == 0 || t.vector == 13, "%s 0x%lx: vector %lu", what, argument, t.vector);
    refused += t.kind != 0;
    load_mxcsr(0x1f80);
}

static void refuse(const char *what, void (*f)(uint64_t), uint64_t argument, uint64_t vector)
{
    struct trap t = attempt(f, argument);

    MUST(t.kind == PHX_UPCALL_EXCEPTION && t.vector == vector, "%s 0x%lx: kind %lu vector %lu",
        what, argument, t.kind, t.vector);
    refused++;
}

static void bad_images(void)
{
    for (unsigned bit = 3; bit < 64; bit++) {
        memset(area, 0, sizeof area);
        *header(0) = UINT64_C(1) << bit;
        refuse("XSTATE_BV", restore, UINT64_MAX, 13);
    }
    for (unsigned word = 1; word < 8; word++) {
        memset(area, 0, sizeof area);
        *header(word) = 1;
        if (word < 3) /* the rest is only looked at by some */
            refuse("header", restore, UINT64_MAX, 13);
    }
    memset(area, 0, sizeof area);
    *(uint32_t *)(void *)(area + 24) = 0xffffffff; /* MXCSR */
    *header(0) = 2;
    refuse_or_ignore("xrstor MXCSR", restore, 7);
    refuse_or_ignore("fxrstor MXCSR", restore_legacy, 0);
}

static bool over;

/* Divides by zero all the time, exceptions masked. */
static void other(void *argument)
{
    load_mxcsr(0x1f80);
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        divide((uint64_t)argument);
        thread_control_yield(RT_THREAD);
    }
}

static unsigned unmasked(void)
{
    struct trap t;

    for (unsigned i = 0; i < 200; i++) {
        uint32_t mxcsr;

        load_mxcsr(0);
        thread_control_yield(RT_THREAD);
        __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
        MUST((mxcsr & 0x1f80) == 0, "MXCSR became 0x%x", mxcsr);
    }
    t = attempt(divide, 0);
    MUST(t.vector == 19 || t.kind == 0, "divsd: vector %lu", t.vector); /* QEMU raises none */
    load_mxcsr(0x1f80);
    __asm__ volatile("fninit\n\tfldcw %0" ::"m"(*(const uint16_t[]){0x0000}));
    t = attempt(divide_x87, 0);
    MUST(t.vector == 16, "fdiv: vector %lu", t.vector);
    for (unsigned i = 0; i < 200; i++) /* with the x87 exception pending */
        thread_control_yield(RT_THREAD);
    __asm__ volatile("fninit");
    return 400;
}

int main(void)
{
    uint64_t second = thread(other, NULL);
    unsigned switches;

    for (unsigned bit = 16; bit < 32; bit++)
        refuse_or_ignore("MXCSR", load_mxcsr, 1u << bit);
    bad_images();
    for (uint64_t offset = 1; offset < 64; offset += offset)
        refuse("xsave", save, offset, 13);
    switches = unmasked();
    over = true;
    MUST(joined(second), "the other thread is lost");
    rt_print("%u refused, %u switches with exceptions unmasked\n", refused, switches);
    return 0;
}

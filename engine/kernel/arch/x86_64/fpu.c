/* SPDX-License-Identifier: MIT */
/*
 * Extended state: x87, SSE and, where there is one, AVX, saved and loaded by XSAVE.
 * The kernel itself uses none of it.
 *
 * Spec   Intel SDM 1 13, 2 XSAVE, XRSTOR
 */
#include "machine.h"
#include "port.h"

#define FPU_CONTROL_DEFAULT 0x037f
#define MXCSR_DEFAULT 0x1f80

struct xsave_area { /* SDM 1, 13.4 */
    uint16_t control, status;
    uint8_t unused[20];
    uint32_t mxcsr, mxcsr_mask;
    uint8_t registers[480];
    uint64_t present, compact, reserved[6];
};
_Static_assert(offsetof(struct xsave_area, present) == 512, "SDM 1, 13.4.2");

unsigned arch_fpu_size;

void fpu_init(void)
{
    uint32_t wanted = XCR0_X87 | XCR0_SSE | XCR0_AVX;
    uint32_t mask = cpuid(13, 0).eax & wanted;

    __asm__ volatile("xsetbv" ::"c"(0), "a"(mask), "d"(0));
    arch_fpu_size = (cpuid(13, 0).ebx + 63) & ~63U;
    arch_fpu_trap(true);
}

/* A component that is not marked present is loaded in its initial state; MXCSR is
 * loaded from the area all the same. */
void arch_fpu_init(void *area)
{
    struct xsave_area *a = area;

    __builtin_memset(area, 0, arch_fpu_size);
    a->control = FPU_CONTROL_DEFAULT;
    a->mxcsr = MXCSR_DEFAULT;
}

void arch_fpu_save(void *area)
{
    __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(~0U), "d"(~0U) : "memory");
}

void arch_fpu_load(const void *area)
{
    __asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"(~0U), "d"(~0U) : "memory");
}

void arch_fpu_trap(bool on)
{
    if (on)
        write_cr0(read_cr0() | CR0_TS);
    else
        __asm__ volatile("clts" ::: "memory");
}

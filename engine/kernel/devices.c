/* SPDX-License-Identifier: MIT */
/*
 * What exists once and is the kernel's own: clock, random bytes, power, and the
 * module that the machine was started with.
 */
#include "chacha.h"
#include "framing.h"
#include "thread.h"

struct object device_clock = { .type = OBJECT_DEVICE, .refs = 1 };
struct object device_entropy = { .type = OBJECT_DEVICE, .refs = 1 };
struct object device_power = { .type = OBJECT_DEVICE, .refs = 1 };
struct object device_boot = { .type = OBJECT_DEVICE, .refs = 1 };
struct object device_log = { .type = OBJECT_DEVICE, .refs = 1 };

/* --- clock ----------------------------------------------------------------- */

int op_clock_now(struct invocation *inv, struct clock_now_out *out)
{
    (void)inv;
    out->ns = now_ns();
    return OK;
}

int op_clock_realtime(struct invocation *inv, struct clock_realtime_out *out)
{
    (void)inv;
    out->ns = arch_clock.realtime_base + now_ns();
    return OK;
}

int op_clock_calibration(struct invocation *inv, struct clock_calibration_out *out)
{
    (void)inv;
    out->tsc_base = arch_clock.tsc_base;
    out->ns_base = arch_clock.ns_base;
    out->multiplier = arch_clock.multiplier;
    out->shift = arch_clock.shift;
    out->realtime_base = arch_clock.realtime_base;
    return OK;
}

/* --- random bytes ---------------------------------------------------------- */

static struct rng rng;

void entropy_init(void)
{
    uint64_t seed[4];

    for (unsigned i = 0; i < 4; i++)
        seed[i] = arch_random();
    rng_mix(&rng, seed, sizeof seed);
}

int op_entropy_fill(struct invocation *inv, const struct entropy_fill_in *in)
{
    struct space *s = inv->thread->process->space;
    uint64_t fresh = arch_random(), left = in->length, address = in->address;
    uint8_t bytes[256];

    if (in->length > PHX_PAGE_SIZE)
        return PHX_INVALID_ARGUMENT;
    TRY(user_check(s, in->address, in->length, PHX_PROT_WRITE));
    rng_mix(&rng, &fresh, sizeof fresh);
    while (left > 0) {
        uint64_t n = left < sizeof bytes ? left : sizeof bytes;

        rng_bytes(&rng, bytes, n);
        TRY(copy_out(s, address, bytes, n));
        address += n;
        left -= n;
    }
    return OK;
}

/* --- power ----------------------------------------------------------------- */

int op_power_shutdown(struct invocation *inv, const struct power_shutdown_in *in)
{
    uint32_t status = (uint32_t)(in->status & 0xff);

    (void)inv;
    if (console_framed())
        console_emit(FRAMING_EXIT, &status, sizeof status);
    arch_shutdown(status);
}

int op_power_reboot(struct invocation *inv)
{
    (void)inv;
    arch_reboot();
}

/* --- the boot module ------------------------------------------------------- */

int op_boot_package_info(struct invocation *inv, struct boot_package_info_out *out)
{
    (void)inv;
    out->bytes = kernel.boot->module_size;
    return OK;
}

int op_boot_package_frame(struct invocation *inv, const struct boot_package_frame_in *in,
                          struct boot_package_frame_out *out)
{
    struct process *p = inv->thread->process;
    uint64_t all = (kernel.boot->module_size + PHX_PAGE_SIZE - 1) >> PHX_PAGE_SHIFT;
    struct frame *f;
    uint32_t row;

    if (in->pages == 0 || in->pages > all || in->offset > all - in->pages)
        return PHX_INVALID_ARGUMENT;
    TRY(result_row(inv, &row));
    uint64_t pfn = (kernel.boot->module_base >> PHX_PAGE_SHIFT) + in->offset;
    TRY(frame_of(p->object.account, pfn, in->pages, false, &f));
    out->frame = object_hold(inv->thread, row, &f->object, IFACE_FRAME,
                             FRAME_M_ALL & ~FRAME_M_MAP_WRITE, FRAME_BADGE(0UL, in->pages));
    return OK;
}

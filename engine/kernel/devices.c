/* SPDX-License-Identifier: MIT */
/*
 * What exists once and is the kernel's own: clock, random bytes, power, and the
 * module that the machine was started with.
 */
#include "phoenix/framing.h"
#include "thread.h"

struct object machine = { .type = IFACE_CAPABILITY, .refs = 1 };

/* --- clock ----------------------------------------------------------------- */

int op_clock_now(struct invocation *, struct clock_now_out *out)
{
    out->ns = now_ns();
    return OK;
}

int op_clock_realtime(struct invocation *, struct clock_realtime_out *out)
{
    out->ns = arch_clock.realtime_base + now_ns();
    return OK;
}

/* By whoever says it first: what reads the machine's date comes before all others. */
int op_clock_begin(struct invocation *, const struct clock_begin_in *in)
{
    if (arch_clock.realtime_base)
        return PHX_EXISTS;
    arch_clock.realtime_base = in->ns;
    return OK;
}

int op_clock_calibration(struct invocation *, struct clock_calibration_out *out)
{
    _Static_assert(sizeof *out == sizeof arch_clock, "the same words");
    memcpy(out, &arch_clock, sizeof *out);
    return OK;
}

/* --- random bytes ---------------------------------------------------------- */

/* What the machine has of randomness, a generator's key and nonce at most: a generator over
 * it is its user's, and a word takes a hundred instructions. */
int op_entropy_fill(struct invocation *inv, const struct entropy_fill_in *in)
{
    uint64_t words[8];

    if (in->length > sizeof words)
        return PHX_INVALID_ARGUMENT;
    for (unsigned i = 0; i < 8; i++)
        words[i] = arch_random();
    return copy_out(inv->thread->process->space, in->address, words, in->length);
}

/* --- power ----------------------------------------------------------------- */

int op_power_shutdown(struct invocation *, const struct power_shutdown_in *in)
{
    uint32_t status = (uint32_t)(in->status & 0xff);

    if (console_framed())
        console_emit(FRAMING_EXIT, &status, sizeof status);
    arch_shutdown(status);
}

int op_power_reboot(struct invocation *)
{
    arch_reboot();
}

/* --- the boot module ------------------------------------------------------- */

int op_boot_package_info(struct invocation *, struct boot_package_info_out *out)
{
    out->bytes = kernel.boot->module_size;
    return OK;
}

int op_boot_package_frame(struct invocation *inv, const struct boot_package_frame_in *in,
                          struct boot_package_frame_out *out)
{
    struct process *p = inv->thread->process;
    uint64_t all = (kernel.boot->module_size + PHX_PAGE_SIZE - 1) >> PHX_PAGE_SHIFT;
    struct frame *f;

    if (in->pages == 0 || in->pages > all || in->offset > all - in->pages)
        return PHX_INVALID_ARGUMENT;
    uint64_t pfn = (kernel.boot->module_base >> PHX_PAGE_SHIFT) + in->offset;
    TRY(frame_of(p->object.account, pfn, in->pages, false, &f));
    return object_hold(inv->thread, &f->object, IFACE_FRAME, FRAME_M_ALL & ~FRAME_M_MAP_WRITE,
                       FRAME_BADGE(0UL, in->pages), &out->frame);
}

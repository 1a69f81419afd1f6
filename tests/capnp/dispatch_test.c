/* SPDX-License-Identifier: MIT */
/*
 * The tables that a kernel dispatches by, made of kernel/kernel.capnp.
 */
#include "kernel_ops.h"
#include "interfaces.h"

#include "test.h"

#include "kernel_dispatch.inc.c"
#include "error_texts.inc.c"
#include "interfaces.inc.c"

struct invocation {
    int called;
};

int op_capability_derive(struct invocation *inv, const struct capability_derive_in *in,
    struct capability_derive_out *out)
{
    inv->called = 1;
    out->capability = in->methods + 1;
    return 0;
}

int op_bell_ring(
    struct invocation *inv, const struct bell_ring_in *in, struct bell_ring_out *out)
{
    inv->called = 2;
    out->heard = in->times;
    out->echo = -in->loud;
    return PHX_TIMEOUT;
}

int op_bell_stop(struct invocation *inv)
{
    inv->called = 3;
    return 0;
}

TEST(dispatch, a_row_is_found_by_interface_and_method, "Capability's from every interface")
{
    const struct kernel_op *op = &kernel_ops[kernel_op_index[IFACE_BELL][BELL_RING] - 1];
    struct invocation inv = { 0 };
    uint64_t in[5] = { 4, 6, 0, 0, 0 }, out[5] = { 0 };

    CHECK_EQ(op->handler(&inv, in, out), PHX_TIMEOUT);
    CHECK_EQ(inv.called, 2);
    CHECK_EQ(out[0], 4);
    CHECK_EQ(out[1], -6);
    CHECK_EQ(op->interface, IFACE_BELL);
    CHECK_EQ(op->words_in, 2);
    CHECK_EQ(op->words_out, 2);
    CHECK_EQ(op->flags, KERNEL_OP_INTERRUPT_SAFE);
    CHECK_EQ(op->errors, 1 << PHX_SUCCESS | 1 << PHX_INVALID_SYSCALL | 1 << PHX_TIMEOUT);
    op = &kernel_ops[kernel_op_index[IFACE_BELL][CAPABILITY_DERIVE] - 1];
    CHECK(op == &kernel_ops[kernel_op_index[IFACE_CAPABILITY][CAPABILITY_DERIVE] - 1]);
    CHECK_EQ(op->handler(&inv, in, out), 0);
    CHECK_EQ(out[0], 5);
    op = &kernel_ops[kernel_op_index[IFACE_BELL][BELL_STOP] - 1];
    CHECK_EQ(op->handler(&inv, in, out), 0);
    CHECK_EQ(inv.called, 3);
    CHECK(kernel_ops[kernel_op_index[IFACE_BELL][BELL_HUSH] - 1].handler == op->handler);
}

TEST(dispatch, what_is_not_there_has_no_row, "and a marker no handler")
{
    unsigned rows = 0;

    for (unsigned iface = 0; iface < KERNEL_INTERFACES; iface++)
        for (unsigned method = 0; method < 64; method++)
            rows += kernel_op_index[iface][method] != 0;
    CHECK_EQ(rows, 2 + 2 + 3);
    CHECK_EQ(KERNEL_INTERFACES, 6);
    CHECK_EQ(KERNEL_OPS, 5);
    const struct kernel_op *op = &kernel_ops[kernel_op_index[IFACE_BELL][CAPABILITY_TRANSFER] - 1];
    CHECK_EQ(op->flags, KERNEL_OP_MARKER);
    CHECK(op->handler == 0);
}

TEST(dispatch, libnyx_numbers_mean_a_method, "of a capability or a well-known slot")
{
    CHECK(&kernel_ops[nyx_ops[255].op - 1] ==
        &kernel_ops[kernel_op_index[IFACE_BELL][BELL_RING] - 1]);
    CHECK_EQ(nyx_ops[7].interface, IFACE_BELL);
    CHECK_EQ(nyx_ops[7].method, BELL_RING);
    CHECK_EQ(nyx_ops[7].slot, SLOT_CLOCK);
    CHECK_EQ(nyx_ops[16].interface, IFACE_CAPABILITY);
    CHECK_EQ(nyx_ops[16].slot, 0);
    CHECK_EQ(nyx_ops[0].op, 0);
}

TEST(dispatch, names_are_there_to_be_read, "of interfaces, methods, facets and errors")
{
    const struct phx_interface_info *bell = &phx_interfaces[1];

    CHECK_EQ(PHX_INTERFACES, 2);
    CHECK_STR(bell->name, "Bell");
    CHECK_STR(bell->doc, "It rings.");
    CHECK_EQ(bell->number, IFACE_BELL);
    CHECK_EQ(bell->method_count, 3);
    CHECK_STR(bell->methods[0].name, "ring");
    CHECK_STR(bell->methods[0].doc, "Ring it.");
    CHECK_EQ(bell->methods[0].bit, BELL_RING);
    CHECK_EQ(bell->facet_count, 1);
    CHECK_STR(bell->facets[0].name, "RING");
    CHECK_EQ(bell->facets[0].methods, BELL_M_RING | CAPABILITY_M_DERIVE);
    CHECK_EQ(bell->facets[0].methods, BELL_F_RING);
    CHECK_EQ(bell->all, BELL_M_ALL);
    CHECK_EQ(phx_interfaces[0].methods[1].marker, 1);
    CHECK_STR(phx_error_texts[PHX_TIMEOUT].name, "Timeout");
    CHECK_STR(phx_error_texts[PHX_TIMEOUT].text, "too late");
}

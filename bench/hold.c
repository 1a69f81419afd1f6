/* SPDX-License-Identifier: MIT */
/*
 * A plugin of the emulator that counts instructions from where a core takes the
 * kernel's lock to where it gives it, and keeps the longest for each phase of a program.
 *
 *   -plugin hold.so,lock=ADDRESS,out=FILE
 *
 * ADDRESS is the lock's (the symbol `kernel`). A core has taken it when it exchanged the
 * word and did not look at it again by a plain load, which is what it does while it has
 * to wait; it gives it with a plain store. With one core the kernel takes no lock, so
 * machines have at least two.
 *
 * A phase begins where the program stores by the instruction of stamp.h into word
 * number N of an array, whose word 0 it stored into first of all.
 *
 * Blocks with a PAUSE are counted apart: they wait for another core (to flush, or to
 * give the lock), and how often they go round says something of the host only.
 *
 * FILE: for each phase "phase N HELD WAITED", then "ADDRESS INSTRUCTIONS" for each block
 * that was executed meanwhile.
 */
#include "qemu/plugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS 16
#define PHASES 64
#define LOOP 16 /* instructions of a loop around PAUSE, at most */
#define BLOCKS 16384 /* of one hold: what is longer is cut, and long enough */

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

/* What one block executed: its address and how many instructions it has. */
struct block {
    uint64_t address;
    uint32_t size;
    bool waits;
};

struct core {
    bool held;
    unsigned count, since; /* instructions since the last PAUSE */
    uint64_t executed, waited;
    struct block blocks[BLOCKS];
};

struct longest {
    uint64_t executed, waited;
    unsigned count;
    struct block *blocks;
};

static struct core cores[CPUS];
static struct longest longest[PHASES];
static unsigned phase = PHASES - 1; /* before the first: boot */
static uint64_t lock_address, first_mark;
static const char *out_file;

enum access { ACCESS_PLAIN, ACCESS_EXCHANGE };

/* What of the block is behind the instruction belongs to the hold, or does not. */
struct place {
    uint32_t after; /* instructions */
    enum access access;
};

static void block_executed(unsigned cpu, void *data)
{
    struct core *c = &cores[cpu % CPUS];
    const struct block *b = data;

    if (!c->held)
        return;
    if (b->waits) {
        c->waited += b->size;
        if (c->since <= LOOP) {
            c->executed -= c->since;
            c->waited += c->since;
        }
        c->since = 0;
    } else {
        c->executed += b->size;
        c->since += b->size;
    }
    if (c->count < BLOCKS)
        c->blocks[c->count++] = *b;
}

/* Two cores cannot be here: both would hold the lock. */
static void given(struct core *c, uint32_t after)
{
    struct longest *l = &longest[phase];

    c->held = false;
    c->executed -= after;
    if (c->executed <= l->executed)
        return;
    l->executed = c->executed;
    l->waited = c->waited;
    l->count = c->count;
    if (!l->blocks)
        l->blocks = malloc(BLOCKS * sizeof *l->blocks);
    if (l->blocks)
        memcpy(l->blocks, c->blocks, c->count * sizeof *c->blocks);
}

static void taken(struct core *c, uint32_t after)
{
    c->held = true;
    c->count = 0;
    c->waited = 0;
    c->executed = after;
    c->since = LOOP + 1;
}

static void accessed(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    const struct place *p = data;
    struct core *c = &cores[cpu % CPUS];

    if (address != lock_address)
        return;
    if (p->access == ACCESS_EXCHANGE)
        taken(c, p->after);
    else if (!qemu_plugin_mem_is_store(info))
        c->held = false; /* it looked whether to try again: another has it */
    else if (c->held)
        given(c, p->after);
}

static void marked(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    (void)cpu, (void)info, (void)data;
    if (first_mark == 0)
        first_mark = address;
    phase = (unsigned)((address - first_mark) / sizeof(uint64_t)) % PHASES;
}

static bool is_stamp(const uint8_t *bytes, size_t size)
{
    return size > 4 && bytes[0] == 0x2e && (bytes[1] & 0xf8) == 0x48 && bytes[2] == 0x0f &&
           bytes[3] == 0xc3;
}

/* xchg with memory, with or without prefixes. */
static bool is_exchange(const uint8_t *bytes, size_t size)
{
    size_t at = size > 2 && (bytes[0] & 0xf0) == 0x40 ? 1 : 0;

    return bytes[at] == 0x86 || bytes[at] == 0x87;
}

static bool is_pause(const uint8_t *bytes, size_t size)
{
    return size == 2 && bytes[0] == 0xf3 && bytes[1] == 0x90;
}

/* These live as long as the machine. */
static void watch_accesses(struct qemu_plugin_insn *insn, uint32_t after)
{
    struct place *p = malloc(sizeof *p);

    if (!p)
        abort();
    *p = (struct place){after, is_exchange(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn))
                                   ? ACCESS_EXCHANGE
                                   : ACCESS_PLAIN};
    qemu_plugin_register_vcpu_mem_cb(
        insn, accessed, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, p);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);
    uint64_t address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
    struct block *b = malloc(sizeof *b);

    (void)id;
    if (!b)
        abort();
    *b = (struct block){address, (uint32_t)n, false};
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint8_t *bytes = qemu_plugin_insn_data(insn);
        size_t size = qemu_plugin_insn_size(insn);

        b->waits |= is_pause(bytes, size);
        if (address >> 63)
            watch_accesses(insn, (uint32_t)(n - i - 1));
        else if (is_stamp(bytes, size))
            qemu_plugin_register_vcpu_mem_cb(
                insn, marked, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W, NULL);
    }
    if (address >> 63)
        qemu_plugin_register_vcpu_tb_exec_cb(tb, block_executed, QEMU_PLUGIN_CB_NO_REGS, b);
}

static void ended(qemu_plugin_id_t id, void *unused)
{
    FILE *f = fopen(out_file, "we");

    (void)id, (void)unused;
    if (!f) {
        perror(out_file);
        return;
    }
    for (unsigned i = 0; i < PHASES; i++) {
        const struct longest *l = &longest[i];

        if (l->executed == 0)
            continue;
        fprintf(f, "phase %u %" PRIu64 " %" PRIu64 "\n", i, l->executed, l->waited);
        for (unsigned j = 0; j < l->count; j++)
            fprintf(f, "%" PRIx64 " %u\n", l->blocks[j].address, (unsigned)l->blocks[j].size);
    }
    fclose(f);
}

int qemu_plugin_install(
    qemu_plugin_id_t id, const struct qemu_info *info, int argument_count, char **arguments)
{
    (void)info;
    for (int i = 0; i < argument_count; i++) {
        if (strncmp(arguments[i], "lock=", 5) == 0)
            lock_address = strtoull(arguments[i] + 5, NULL, 16);
        else if (strncmp(arguments[i], "out=", 4) == 0)
            out_file = arguments[i] + 4;
    }
    if (!lock_address || !out_file) {
        fprintf(stderr, "hold: lock=ADDRESS and out=FILE are needed\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}

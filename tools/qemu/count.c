/* SPDX-License-Identifier: MIT */
/*
 * A plugin of the emulator that counts instructions, for `phoenix run --stats`:
 *
 *   -plugin count.so,counts=FILE,cpus=N
 *
 * FILE is a struct counts. With one processor each instruction has its own increment,
 * which is exact but for those that fault: they count when they begin, and again when
 * they are repeated. Such increments are not atomic, so with more processors a function
 * is called for each block, on counters of its processor; then a block in which
 * something faults counts as a whole.
 */
#include "qemu/counts.h"
#include "qemu/plugin.h"
#include "qemu/processors.h"
#include "phoenix/layout.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct counts *counts;
static bool many; /* processors */

static enum count_kind kind_of(uint64_t address)
{
    if (address >> 63)
        return COUNT_KERNEL;
    if (address >= PHX_LIBOS_LOW && address < PHX_LIBOS_HIGH)
        return COUNT_LIBOS;
    return address >= PHX_NATIVE_IMAGE && address < PHX_NATIVE_STACK_TOP ? COUNT_SERVICES
                                                                        : COUNT_PROGRAM;
}

/* The first block of the libos was found: nothing of the program has run yet. */
static void begin(void)
{
    for (unsigned cpu = 0; cpu < COUNTS_CPUS; cpu++)
        for (unsigned kind = 0; kind < COUNT_KINDS; kind++)
            counts->before[kind] += counts->executed[cpu][kind];
    counts->begun = 1;
}

static void executed(unsigned cpu, void *data)
{
    uintptr_t block = (uintptr_t)data;

    counts->executed[cpu % COUNTS_CPUS][block % COUNT_KINDS] += block / COUNT_KINDS;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);
    enum count_kind kind = kind_of(qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)));

    (void)id;
    if (kind == COUNT_LIBOS && !counts->begun)
        begin();
    if (many) {
        qemu_plugin_register_vcpu_tb_exec_cb(
            tb, executed, QEMU_PLUGIN_CB_NO_REGS, (void *)(n * COUNT_KINDS + kind));
        return;
    }
    for (size_t i = 0; i < n; i++)
        qemu_plugin_register_vcpu_insn_exec_inline(qemu_plugin_tb_get_insn(tb, i),
            QEMU_PLUGIN_INLINE_ADD_U64, &counts->executed[0][kind], 1);
}

static void ended(qemu_plugin_id_t id, void *unused)
{
    (void)id, (void)unused;
    counts->processors = processors_time(getpid());
}

static struct counts *map_counts(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *memory;

    if (fd < 0)
        return NULL;
    memory = mmap(NULL, sizeof(struct counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return memory == MAP_FAILED ? NULL : memory;
}

int qemu_plugin_install(
    qemu_plugin_id_t id, const struct qemu_info *info, int argument_count, char **arguments)
{
    (void)info;
    for (int i = 0; i < argument_count; i++) {
        if (strncmp(arguments[i], "counts=", 7) == 0)
            counts = map_counts(arguments[i] + 7);
        else if (strncmp(arguments[i], "cpus=", 5) == 0)
            many = atoi(arguments[i] + 5) > 1;
    }
    if (!counts) {
        fprintf(stderr, "count: counts=FILE is missing, or cannot be mapped\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}

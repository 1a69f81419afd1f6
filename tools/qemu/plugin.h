/* SPDX-License-Identifier: MIT */
/*
 * What an emulator's plugin here uses of QEMU's plugin interface, version 1 (QEMU 4.2
 * to 8.2). Debian has QEMU's own header, qemu-plugin.h, in no package.
 *
 * A plugin is a shared library that QEMU loads (-plugin FILE,NAME=VALUE). It is told
 * of each block of guest code when that is translated, and may have a counter
 * increased, or a function called, whenever one of its instructions is executed.
 *
 * Spec  QEMU, docs/devel/tcg-plugins.rst
 */
#ifndef QEMU_PLUGIN_H
#define QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_VERSION 1
#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_MEM_RW };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

/* What a plugin brings: the version that it was written for, and its beginning, which
 * answers 0. `argument` are its NAME=VALUE. */
QEMU_PLUGIN_EXPORT extern int qemu_plugin_version;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(
    qemu_plugin_id_t id, const struct qemu_info *info, int argument_count, char **arguments);

/* The emulator ends by itself. */
typedef void qemu_plugin_end_cb(qemu_plugin_id_t id, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_end_cb *cb, void *data);

/* A block was translated. It is valid during the call only. */
typedef void qemu_plugin_tb_cb(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_tb_cb *cb);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

/* Before the instruction, or the block, is executed: *counter += n, which is not atomic;
 * or a call. */
void qemu_plugin_register_vcpu_insn_exec_inline(
    struct qemu_plugin_insn *insn, enum qemu_plugin_op op, void *counter, uint64_t n);
typedef void qemu_plugin_exec_cb(unsigned cpu, void *data);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_plugin_exec_cb *cb,
    enum qemu_plugin_cb_flags flags, void *data);

/* After each access to memory of the instruction. */
typedef void qemu_plugin_mem_cb(
    unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_mem_cb *cb,
    enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw which, void *data);

/* Where that access went, in such a call; NULL: not known. */
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t address);
/* In such a call: it was written, not read. */
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *where);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *where);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The plugin that weighs instructions, with an emulator that is a few functions: what
 * each instruction costs, and what becomes of a time stamp.
 */
#define _GNU_SOURCE
#include "../../bench/weigh.c"

#include "test.h"

#define NOT_DEAR 1
#define MEMORY 4096

/* --- an emulator -------------------------------------------------------------- */

struct qemu_plugin_insn {
    uint8_t bytes[16];
    size_t size;
};
struct qemu_plugin_tb {
    struct qemu_plugin_insn *insns;
    size_t count;
};
struct qemu_plugin_hwaddr {
    bool is_io;
    uint64_t address;
};

static uint64_t added; /* by the instruction at hand, to `extra` */
static qemu_plugin_mem_cb *on_access;
static struct qemu_plugin_hwaddr where;

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_tb_cb *cb)
{
    (void)id, (void)cb;
}

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
    return tb->count;
}

struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index)
{
    return &tb->insns[index];
}

const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn)
{
    return insn->bytes;
}

size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn)
{
    return insn->size;
}

void qemu_plugin_register_vcpu_insn_exec_inline(
    struct qemu_plugin_insn *insn, enum qemu_plugin_op op, void *counter, uint64_t n)
{
    (void)insn, (void)op;
    if (counter == &extra)
        added += n;
}

void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_mem_cb *cb,
    enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw which, void *data)
{
    (void)insn, (void)flags, (void)which, (void)data;
    on_access = cb;
}

struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t address)
{
    (void)info, (void)address;
    return &where;
}

bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *at)
{
    return at->is_io;
}

uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *at)
{
    return at->address;
}

/* --- what instructions cost --------------------------------------------------- */

static uint64_t weight(const char *bytes, size_t size)
{
    struct qemu_plugin_insn insn = {.size = size};
    struct qemu_plugin_tb tb = {&insn, 1};

    memcpy(insn.bytes, bytes, size);
    added = 0;
    on_access = NULL;
    translated(0, &tb);
    return added + 1;
}

#define COSTS(what, bytes, cost) CHECK_EQ(weight(bytes, sizeof bytes - 1), cost)

TEST(weigh, dear_instructions_have_their_weight, "and no other has any")
{
    COSTS("mov %rax, %cr3", "\x0f\x22\xd8", 200);
    COSTS("mov %r8, %cr3", "\x41\x0f\x22\xd8", 200);
    COSTS("mov %cr3, %rax", "\x0f\x20\xd8", NOT_DEAR);
    COSTS("mov %rax, %cr0", "\x0f\x22\xc0", NOT_DEAR);
    COSTS("iretq", "\x48\xcf", 80);
    COSTS("iret", "\xcf", 80);
    COSTS("xsave64 (%rdi)", "\x48\x0f\xae\x27", 100);
    COSTS("xrstor64 (%rdi)", "\x48\x0f\xae\x2f", 100);
    COSTS("fxsave64 (%rdi)", "\x48\x0f\xae\x07", 100);
    COSTS("xsaveopt (%rdi)", "\x0f\xae\x37", 100);
    COSTS("xsavec (%rdi)", "\x0f\xc7\x27", 100);
    COSTS("lfence", "\x0f\xae\xe8", NOT_DEAR);
    COSTS("wrgsbase %rsi", "\xf3\x48\x0f\xae\xde", NOT_DEAR);
    COSTS("rdrand %eax", "\x0f\xc7\xf0", NOT_DEAR);
    COSTS("lock addl $1, (%rdi)", "\xf0\x83\x07\x01", 20);
    COSTS("lock cmpxchg %edx, (%rdi)", "\xf0\x0f\xb1\x17", 20);
    COSTS("xchg %eax, (%rdi)", "\x87\x07", 20);
    COSTS("xchg %rax, (%rdi)", "\x48\x87\x07", 20);
    COSTS("xchg %eax, %ebx", "\x87\xd8", NOT_DEAR);
    COSTS("cmpxchg8b (%rdi) without lock", "\x0f\xc7\x0f", NOT_DEAR);
    COSTS("out %al, $0xf4", "\xe6\xf4", 300);
    COSTS("in (%dx), %al", "\xec", 300);
    COSTS("out %ax, (%dx)", "\x66\xef", 300);
    COSTS("rep outsb", "\xf3\x6e", 300);
    COSTS("rdmsr", "\x0f\x32", 300);
    COSTS("wrmsr", "\x0f\x30", 300);
    COSTS("syscall", "\x0f\x05", NOT_DEAR);
    COSTS("inc %eax, of 32 bits", "\x40", NOT_DEAR);
    COSTS("mov $0xcf, %al", "\xb0\xcf", NOT_DEAR);
}

TEST(weigh, an_access_to_a_device_is_dear, "whatever makes it")
{
    extra = 0;
    weight("\x89\x07", 2); /* mov %eax, (%rdi) */
    where.is_io = false;
    on_access(0, 0, 0, NULL);
    CHECK_EQ(extra, 0);
    where.is_io = true;
    on_access(0, 0, 0, NULL);
    CHECK_EQ(extra, 299);
}

/* --- time stamps -------------------------------------------------------------- */

static uint64_t stamp_at(uint8_t *memory, uint64_t at, uint64_t value)
{
    memcpy(memory + at, &value, sizeof value);
    where = (struct qemu_plugin_hwaddr){false, at};
    on_access(0, 0, 0, NULL);
    memcpy(&value, memory + at, sizeof value);
    return value;
}

TEST(weigh, stamps_go_on_by_what_was_dear, "and other stores stay what they are")
{
    static const char movnti[] = "\x2e\x48\x0f\xc3\x15\x14\x8d\x00\x00";
    char path[] = "/tmp/weigh.XXXXXX";
    uint8_t memory[MEMORY] = {0}, *shared;
    int fd = mkstemp(path);

    CHECK(fd >= 0 && write(fd, memory, sizeof memory) == sizeof memory);
    shared = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ram_file = path;
    extra = 1000;
    executed = 77;
    CHECK_EQ(weight(movnti, sizeof movnti - 1), NOT_DEAR);
    CHECK_EQ(stamp_at(shared, 8, 5), 1005);
    CHECK_EQ(stamp_at(shared, MEMORY - 8, 5), 1005);
    where.address = MEMORY - 7; /* not all of it in memory: left alone */
    on_access(0, 0, 0, NULL);
    CHECK_EQ(shared[MEMORY - 8], 1005 & 0xff);
    clock_is_count = true;
    CHECK_EQ(stamp_at(shared, 8, 5), 77);
    clock_is_count = false;
    weight(movnti + 1, sizeof movnti - 2); /* without the prefix: the program's own */
    CHECK_EQ(stamp_at(shared, 8, 5), 5);
    munmap(shared, MEMORY);
    close(fd);
    unlink(path);
}

/* SPDX-License-Identifier: MIT */
/*
 * A plugin of the emulator that weighs instructions.
 *
 * Under icount every instruction is one tick, and some are dear in truth. This counts
 * what is executed of those, and makes the benchmark's clock (stamp.h) go on by what
 * they cost: where the program stores a time stamp, the plugin adds to it what all dear
 * instructions so far cost more than one. The figure that the program then works out
 * and prints is the weighted one; nothing else in the machine changes.
 *
 *   -object memory-backend-file,id=ram,share=on,mem-path=FILE,size=512M
 *   -machine memory-backend=ram -plugin weigh.so,ram=FILE[,clock=weights]
 *
 * A plugin cannot write the guest's memory, so the machine's memory is a file, which
 * the plugin maps as well. With `clock=count` the stamps become the plugin's own count
 * of instructions, which must give the figures that icount gives.
 *
 * Single processor only: the counters are not atomic.
 */
#include "qemu/plugin.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WEIGHT_CR3 = 200, WEIGHT_IRET = 80, WEIGHT_XSAVE = 100, WEIGHT_LOCKED = 20,
       WEIGHT_OUTSIDE = 300 /* a port, an MSR, a device's memory */ };

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static const char *ram_file;
static bool clock_is_count;
static uint64_t executed; /* instructions */
static uint64_t extra;    /* what those that were dear cost more than one */

/* --- what an instruction costs ----------------------------------------------- */

struct instruction {
    bool lock;
    uint8_t map;      /* 0: one byte of opcode; 0x0f: two */
    uint8_t opcode;
    uint8_t mod, reg; /* of the byte behind it, if there is one */
    bool has_mod;
};

static bool is_prefix(uint8_t byte)
{
    return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x64 ||
           byte == 0x65 || byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 ||
           byte == 0xf3;
}

/* As far as weight_of() needs it. 40 to 4f are prefixes in 64-bit code, and elsewhere
 * whole instructions, with nothing behind them. */
static struct instruction decode(const uint8_t *bytes, size_t size)
{
    struct instruction i = {0};
    size_t at = 0;

    for (; at < size && is_prefix(bytes[at]); at++)
        i.lock |= bytes[at] == 0xf0;
    if (at + 1 < size && (bytes[at] & 0xf0) == 0x40)
        at++;
    if (at < size && bytes[at] == 0x0f) {
        i.map = 0x0f;
        at++;
    }
    if (at < size)
        i.opcode = bytes[at++];
    i.has_mod = at < size;
    if (i.has_mod) {
        i.mod = bytes[at] >> 6;
        i.reg = bytes[at] >> 3 & 7;
    }
    return i;
}

static bool is_port(const struct instruction *i)
{
    return i->map == 0 && ((i->opcode >= 0xe4 && i->opcode <= 0xe7) ||
                              (i->opcode >= 0xec && i->opcode <= 0xef) ||
                              (i->opcode >= 0x6c && i->opcode <= 0x6f));
}

/* fxsave fxrstor xsave xrstor xsaveopt; xrstors xsavec xsaves. */
static bool is_extended_state(const struct instruction *i)
{
    if (i->map != 0x0f || !i->has_mod || i->mod == 3)
        return false;
    if (i->opcode == 0xae)
        return i->reg == 0 || i->reg == 1 || (i->reg >= 4 && i->reg <= 6);
    return i->opcode == 0xc7 && i->reg >= 3 && i->reg <= 5;
}

/* Intel SDM 2, opcode maps. */
static unsigned weight_of(const struct instruction *i)
{
    bool exchange = i->map == 0 && (i->opcode == 0x86 || i->opcode == 0x87) && i->mod != 3;

    if (i->map == 0x0f && i->opcode == 0x22 && i->reg == 3)
        return WEIGHT_CR3;
    if (i->map == 0 && i->opcode == 0xcf)
        return WEIGHT_IRET;
    if (is_extended_state(i))
        return WEIGHT_XSAVE;
    if (is_port(i) || (i->map == 0x0f && (i->opcode == 0x30 || i->opcode == 0x32)))
        return WEIGHT_OUTSIDE;
    return i->lock || exchange ? WEIGHT_LOCKED : 1;
}

/* cs movnti to memory, which only stamp.h has. */
static bool is_stamp(const uint8_t *bytes, size_t size)
{
    return size > 4 && bytes[0] == 0x2e && (bytes[1] & 0xf8) == 0x48 && bytes[2] == 0x0f &&
           bytes[3] == 0xc3;
}

/* --- while the machine runs --------------------------------------------------- */

/* The machine's memory, once there is any. */
static uint8_t *machine_memory(uint64_t *size)
{
    static uint8_t *memory;
    static struct stat status;
    int fd;

    if (!memory) {
        fd = open(ram_file, O_RDWR | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &status) != 0)
            memory = MAP_FAILED;
        else
            memory = mmap(
                NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (memory == MAP_FAILED) {
            perror(ram_file);
            _exit(1);
        }
        close(fd);
    }
    *size = (uint64_t)status.st_size;
    return memory;
}

static void stamped(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *unused)
{
    struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(info, address);
    uint64_t size, at, value;
    uint8_t *memory = machine_memory(&size);

    (void)cpu, (void)unused;
    if (!where || qemu_plugin_hwaddr_is_io(where))
        return;
    at = qemu_plugin_hwaddr_phys_addr(where);
    if (size < sizeof value || at > size - sizeof value)
        return;
    memcpy(&value, memory + at, sizeof value);
    value = clock_is_count ? executed : value + extra;
    memcpy(memory + at, &value, sizeof value);
}

static void touched(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *unused)
{
    struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(info, address);

    (void)cpu, (void)unused;
    if (where && qemu_plugin_hwaddr_is_io(where))
        extra += WEIGHT_OUTSIDE - 1;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t n = 0; n < qemu_plugin_tb_n_insns(tb); n++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, n);
        const uint8_t *bytes = qemu_plugin_insn_data(insn);
        size_t size = qemu_plugin_insn_size(insn);
        struct instruction i = decode(bytes, size);
        unsigned weight = weight_of(&i);

        qemu_plugin_register_vcpu_insn_exec_inline(
            insn, QEMU_PLUGIN_INLINE_ADD_U64, &executed, 1);
        if (weight > 1)
            qemu_plugin_register_vcpu_insn_exec_inline(
                insn, QEMU_PLUGIN_INLINE_ADD_U64, &extra, weight - 1);
        qemu_plugin_register_vcpu_mem_cb(insn, is_stamp(bytes, size) ? stamped : touched,
            QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
    }
}

static int refuse(const char *what, const char *which)
{
    fprintf(stderr, "weigh: %s %s\n", what, which);
    return 1;
}

int qemu_plugin_install(
    qemu_plugin_id_t id, const struct qemu_info *info, int argument_count, char **arguments)
{
    (void)info;
    for (int i = 0; i < argument_count; i++) {
        if (strncmp(arguments[i], "ram=", 4) == 0)
            ram_file = strdup(arguments[i] + 4);
        else if (strcmp(arguments[i], "clock=count") == 0)
            clock_is_count = true;
        else if (strcmp(arguments[i], "clock=weights") != 0)
            return refuse("there is no such argument:", arguments[i]);
    }
    if (!ram_file)
        return refuse("ram=FILE is missing,", "the file that is the machine's memory");
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}

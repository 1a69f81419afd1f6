/* SPDX-License-Identifier: MIT */
#include "proc/proc.h"

#include "bytes.h"
#include "rt/layout.h"
#include "rt/rt.h"

/* A Linux program's process: the libos and what it was started with lie in a range
 * of their own; the program's file just below it, and the rest is the program's. */
#define LIBOS_START_BLOCK (PHX_LIBOS_LOW + 0x800000)
#define LIBOS_START_BLOCK_END (PHX_LIBOS_LOW + 0x8f0000)
#define LIBOS_STACK_TOP (PHX_LIBOS_LOW + 0x9e0000)
#define LIBOS_THREAD_PAGE (PHX_LIBOS_LOW + 0x9ff000)
#define IMAGE_ALIGN UINT64_C(0x200000)

#define NATIVE_STACK_PAGES 2 /* of a program that does not say */
#define LIBOS_STACK_PAGES 16
#define OWN 5 /* process, thread, space, pool; a libos: notifications to wait on */
#define HELD_MAX 64

struct place {
    uint64_t libos_low, libos_high;
    uint64_t start_block, start_block_end, stack_top, stack_pages, thread_page;
};

static const struct place native_place = {
    0,
    PHX_USER_END,
    PHX_NATIVE_START_BLOCK,
    PHX_NATIVE_START_BLOCK_END,
    PHX_NATIVE_STACK_TOP,
    NATIVE_STACK_PAGES,
    PHX_NATIVE_THREAD_PAGE,
};
static const struct place linux_place = {
    PHX_LIBOS_LOW,
    PHX_LIBOS_HIGH,
    LIBOS_START_BLOCK,
    LIBOS_START_BLOCK_END,
    LIBOS_STACK_TOP,
    LIBOS_STACK_PAGES,
    LIBOS_THREAD_PAGE,
};

/* What a build has made so far. */
struct building {
    const struct proc_plan *plan;
    const struct place *place;
    uint64_t process, space, thread;
    struct proc_loaded loaded;
    struct proc_held held[HELD_MAX];
    size_t held_count;
    struct proc_program_image program;
    const char *reason;
};

/* One capability into the new process's table, noted for its CapSet. */
static int64_t grant(struct building *b, const struct proc_grant *g)
{
    struct capability_identify_out own = {0};
    struct capability_grant_out granted = {0};
    int64_t result;

    b->reason = g->name;
    if (b->held_count == HELD_MAX)
        return -PHX_LIMIT_EXCEEDED;
    result = capability_identify(g->capability, &own);
    if (result >= 0)
        result = capability_grant(
            g->capability, b->process, own.methods & g->methods, g->slot, &granted);
    if (result < 0)
        return result;
    b->held[b->held_count++] = (struct proc_held){
        .name = g->name,
        .id = granted.capability,
        .methods = own.methods & g->methods,
        .badge = own.badge,
        .interface = (uint16_t)own.interface,
    };
    return 0;
}

/* What every process has: itself. */
static int64_t grant_own(struct building *b)
{
    const struct proc_grant own[OWN] = {
        /* To look at holds and to take them is the parent's. */
        {"process", b->process, ~(PROCESS_M_HOLDS | PROCESS_M_REVOKE), SLOT_PROCESS},
        {"thread", RT_THREAD, ~UINT64_C(0), SLOT_THREAD},
        /* Memory that is written and executed is for who is granted that by name. */
        {"space", b->space, ~ADDRESS_SPACE_M_MAP_WX, SLOT_SPACE},
        {"pool", b->plan->pool, ~UINT64_C(0), SLOT_POOL},
        {"account", b->plan->account, ACCOUNT_M_NEW_NOTIFICATION | CAPABILITY_M_IDENTIFY,
            SLOT_ACCOUNT},
    };
    unsigned count = b->plan->linux_program.size != 0 ? OWN : OWN - 1;

    for (unsigned i = 0; i < count; i++) {
        int64_t result = grant(b, &own[i]);

        if (result < 0)
            return result;
    }
    return 0;
}

static int64_t grant_all(struct building *b)
{
    int64_t result = grant_own(b);

    for (size_t i = 0; result >= 0 && i < b->plan->grant_count; i++)
        result = grant(b, &b->plan->grants[i]);
    return result;
}

/* A Linux program's file: mapped to be read, and the frame itself, from which the
 * libos maps what is to be executed. */
static int64_t add_program(struct building *b)
{
    const struct proc_image *image = &b->plan->linux_program;
    uint64_t pages = (image->size + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;
    const struct proc_grant g = {"image", image->frame,
        FRAME_M_INFO | FRAME_M_MAP_READ | FRAME_M_MAP_EXECUTE | FRAME_M_CARVE |
            CAPABILITY_M_IDENTIFY,
        0};
    int64_t result;

    if (image->size == 0)
        return 0;
    b->program.size = image->size;
    b->program.address = (PHX_LIBOS_LOW - pages * PHX_PAGE_SIZE) & ~(IMAGE_ALIGN - 1);
    b->reason = "its file does not fit into its address space";
    if (image->size > PHX_LIBOS_LOW / 2)
        return -PHX_TOO_BIG;
    result = address_space_map(b->space, image->frame, b->program.address, 0, pages, PHX_PROT_READ);
    return result < 0 ? result : grant(b, &g);
}

static int64_t add_start_block(struct building *b)
{
    size_t capacity = proc_start_size(b->held, b->held_count, &b->plan->startup);
    void *block = rt_alloc_zeroed(capacity);
    int64_t result = -PHX_TOO_BIG;
    size_t length;

    b->reason = "no memory for its arguments";
    if (block == NULL)
        return -PHX_OUT_OF_MEMORY;
    length =
        proc_start_block(block, capacity, b->held, b->held_count, &b->plan->startup, &b->program);
    b->reason = "its arguments and environment are too long";
    if (length != 0 && length <= b->place->start_block_end - b->place->start_block)
        result = proc_map_copy(b->space, b->plan->pool, b->place->start_block, block, length,
            (length + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE, PHX_PROT_READ);
    rt_free(block);
    return result;
}

static int64_t add_thread(struct building *b)
{
    uint64_t pages = b->loaded.stack_pages ? b->loaded.stack_pages : b->place->stack_pages;
    uint64_t stack = b->place->stack_top - pages * PHX_PAGE_SIZE;
    struct frame_pool_alloc_out page = {0};
    struct process_new_thread_out thread = {0};
    int64_t result;

    b->reason = "no memory for its first thread";
    result =
        rt_populate(b->space, b->plan->pool, stack, pages, PHX_PROT_READ | PHX_PROT_WRITE);
    if (result >= 0)
        result = frame_pool_alloc(b->plan->pool, 1, &page);
    if (result < 0)
        return result;
    result = address_space_map(
        b->space, page.frame, b->place->thread_page, 0, 1, PHX_PROT_READ | PHX_PROT_WRITE);
    if (result >= 0)
        result = process_new_thread(b->process, b->loaded.entry, b->place->stack_top,
            b->place->start_block, page.frame, b->place->thread_page, &thread);
    phx_release(page.frame);
    b->thread = result < 0 ? 0 : thread.thread;
    return result;
}

static int64_t fill(struct building *b)
{
    int64_t result = proc_load(b->space, b->plan->pool, &b->plan->image, &b->loaded, &b->reason);

    if (result >= 0)
        result = grant_all(b);
    if (result >= 0)
        result = add_program(b);
    if (result >= 0)
        result = add_start_block(b);
    return result < 0 ? result : add_thread(b);
}

int64_t proc_build(const struct proc_plan *plan, struct proc *proc, const char **reason)
{
    struct building *b = rt_alloc_zeroed(sizeof *b);
    struct account_new_process_out new = {0};
    struct process_getpid_out pid = {0};
    int64_t result;

    *reason = "no memory to build a process";
    if (b == NULL)
        return -PHX_OUT_OF_MEMORY;
    b->plan = plan;
    b->place = plan->linux_program.size != 0 ? &linux_place : &native_place;
    result = account_new_process(plan->account, b->place->libos_low, b->place->libos_high, &new);
    if (result >= 0) {
        b->process = new.process;
        b->space = new.space;
        result = fill(b);
        *reason = b->reason;
        phx_release(b->space);
        process_getpid(b->process, &pid);
    }
    *proc = (struct proc){.process = b->process, .thread = b->thread, .pid = pid.pid};
    if (result < 0)
        proc_end(proc, 0);
    rt_free(b);
    return result;
}

int64_t proc_start(const struct proc *proc)
{
    return thread_start(proc->thread);
}

void proc_end(struct proc *proc, unsigned status)
{
    if (proc->process != 0)
        process_exit(proc->process, status);
    phx_release(proc->thread);
    phx_release(proc->process);
    proc->process = proc->thread = 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Threads come and go: clone, exit, and what a thread is told about itself.
 */
#include "bytes.h"
#include "face.h"
#include "kernel.h"
#include "user.h"

#define THREAD_FLAGS (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)

static uint64_t fs_base(void)
{
    uint64_t base;

    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

static void set_fs_base(uint64_t base)
{
    __asm__ volatile("wrfsbase %0" : : "r"(base));
}

/* The numbers that parent and child find in memory before either goes on. */
static int64_t tell_ids(const struct call *c, uint64_t id)
{
    int64_t e = 0;

    if ((c->a & CLONE_PARENT_SETTID) != 0)
        e = store_user32(c->c, (uint32_t)id);
    if (e == 0 && (c->a & CLONE_CHILD_SETTID) != 0)
        e = store_user32(c->d, (uint32_t)id);
    return e;
}

int64_t call_clone(const struct call *c)
{
    struct phx_registers registers = *thread_registers_of(thread_self());
    struct thread *child;
    int64_t e;

    if ((c->a & THREAD_FLAGS) != THREAD_FLAGS) {
        static uint32_t misses;

        if (__atomic_fetch_add(&misses, 1, __ATOMIC_RELAXED) == 0)
            program_log("fork is not there yet (ENOSYS)");
        return -E_NOSYS;
    }
    registers.rax = 0;
    if (c->b != 0)
        registers.rsp = c->b;
    child = thread_new(&registers, (c->a & CLONE_SETTLS) != 0 ? c->e : fs_base(), &e);
    if (child == NULL)
        return e;
    signal_inherit(child);
    memcpy(linux_of(child)->name, linux_self()->name, sizeof(linux_self()->name));
    if ((c->a & CLONE_CHILD_CLEARTID) != 0)
        linux_of(child)->clear_tid = c->d;
    e = tell_ids(c, child->id);
    if (e == 0)
        e = thread_go(child);
    if (e < 0) {
        thread_abandon(child);
        return e;
    }
    return (int64_t)child->id;
}

int64_t call_exit(const struct call *c)
{
    struct thread *t = thread_self();
    struct linux_thread *l = linux_self();
    uint64_t word = l->clear_tid;

    futex_release_robust(l->robust_head, t->id);
    if (word != 0 && !thread_is_alone()) {
        store_user32(word, 0);
        futex_wake_one_word(word);
    }
    lock_take(&threads_lock);
    thread_end((unsigned)(c->a & 0xff) << 8);
}

int64_t call_exit_group(const struct call *c)
{
    process_end((unsigned)(c->a & 0xff) << 8);
}

int64_t call_set_tid_address(const struct call *c)
{
    linux_self()->clear_tid = c->a;
    return (int64_t)thread_self()->id;
}

int64_t call_set_robust_list(const struct call *c)
{
    if (c->b != 24)
        return -E_INVAL;
    linux_self()->robust_head = c->a;
    return 0;
}

int64_t call_get_robust_list(const struct call *c)
{
    uint64_t length = 24;
    int64_t e;

    if (c->a != 0 && c->a != thread_self()->id)
        return -E_SRCH;
    e = copy_to_user(c->b, &linux_self()->robust_head, 8);
    return e < 0 ? e : copy_to_user(c->c, &length, 8);
}

int64_t call_gettid(const struct call *c)
{
    (void)c;
    return (int64_t)thread_self()->id;
}

int64_t call_arch_prctl(const struct call *c)
{
    uint64_t base;

    switch (c->a) {
    case ARCH_SET_FS:
        if (!user_range(c->b, 1))
            return -E_PERM;
        set_fs_base(c->b);
        return 0;
    case ARCH_GET_FS:
        base = fs_base();
        return copy_to_user(c->b, &base, 8);
    case ARCH_GET_GS:
        base = 0;
        return copy_to_user(c->b, &base, 8);
    default:
        /* The GS base is the libos's; a program that wants its own cannot run. */
        return -E_INVAL;
    }
}

/* SPDX-License-Identifier: MIT */
/*
 * Threads come and go: clone, exit, and what a thread is told about itself.
 */
#include "bytes.h"
#include "face.h"
#include "kernel.h"
#include "user.h"
#include "watch.h"

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

/* What clone and clone3 say of a new thread. */
struct thread_wish {
    uint64_t flags;
    uint64_t stack; /* the pointer that it begins with; 0: the caller's */
    uint64_t parent_tid, child_tid, tls;
};

/* The numbers that parent and child find in memory before either goes on. */
static int64_t tell_ids(const struct thread_wish *w, uint64_t id)
{
    int64_t e = 0;

    if ((w->flags & CLONE_PARENT_SETTID) != 0)
        e = store_user32(w->parent_tid, (uint32_t)id);
    if (e == 0 && (w->flags & CLONE_CHILD_SETTID) != 0)
        e = store_user32(w->child_tid, (uint32_t)id);
    return e;
}

static int64_t no_fork(void)
{
    static uint32_t misses;

    if (__atomic_fetch_add(&misses, 1, __ATOMIC_RELAXED) == 0)
        program_log("fork is not there yet (ENOSYS)");
    return -E_NOSYS;
}

static int64_t begin_thread(const struct thread_wish *w)
{
    struct phx_registers registers = *thread_registers_of(thread_self());
    struct thread *child;
    int64_t e;

    if ((w->flags & THREAD_FLAGS) != THREAD_FLAGS)
        return no_fork();
    registers.rax = 0;
    if (w->stack != 0)
        registers.rsp = w->stack;
    child = thread_new(&registers, (w->flags & CLONE_SETTLS) != 0 ? w->tls : fs_base(), &e);
    if (child == NULL)
        return e;
    signal_inherit(child);
    memcpy(linux_of(child)->name, linux_self()->name, sizeof(linux_self()->name));
    if ((w->flags & CLONE_CHILD_CLEARTID) != 0)
        linux_of(child)->clear_tid = w->child_tid;
    e = tell_ids(w, child->id);
    if (e == 0)
        e = thread_go(child);
    if (e < 0) {
        thread_abandon(child);
        return e;
    }
    return (int64_t)child->id;
}

int64_t call_clone(const struct call *c)
{
    struct thread_wish wish = {c->a, c->b, c->c, c->d, c->e};

    return begin_thread(&wish);
}

/* --- clone3 ----------------------------------------------------------------- */

struct clone_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
};
#define CLONE_ARGUMENTS_FIRST 64 /* as long as they were when the call was new */

/* What a later system has put behind what is known here must not matter: be zero. */
static int64_t load_arguments(uint64_t address, uint64_t size, struct clone_arguments *to)
{
    uint64_t known = size < sizeof(*to) ? size : sizeof(*to), word;
    int64_t e;

    if (size < CLONE_ARGUMENTS_FIRST)
        return -E_INVAL;
    if (size > PHX_PAGE_SIZE || size % 8 != 0)
        return -E_2BIG;
    memset(to, 0, sizeof(*to));
    e = copy_from_user(to, address, known);
    for (uint64_t at = known; e == 0 && at < size; at += 8) {
        e = copy_from_user(&word, address + at, 8);
        if (e == 0 && word != 0)
            e = -E_2BIG;
    }
    return e;
}

int64_t call_clone3(const struct call *c)
{
    struct clone_arguments a;
    struct thread_wish wish;
    int64_t e = load_arguments(c->a, c->b, &a);

    if (e < 0)
        return e;
    if ((a.flags & (CLONE_SIGNAL | CLONE_DETACHED)) != 0 || a.exit_signal > CLONE_SIGNAL ||
        ((a.flags & CLONE_THREAD) != 0 && a.exit_signal != 0) ||
        (a.stack == 0) != (a.stack_size == 0) || !user_range(a.stack, a.stack_size))
        return -E_INVAL;
    if (a.set_tid_size != 0) /* a thread's number is not the program's to choose */
        return -E_PERM;
    wish = (struct thread_wish){a.flags, a.stack + a.stack_size, a.parent_tid, a.child_tid, a.tls};
    return begin_thread(&wish);
}

/* --- the end, and what a thread is told ---------------------------------------- */

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
    if (!thread_is_alone())
        watch_thread_end((unsigned)(c->a & 0xff) << 8);
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

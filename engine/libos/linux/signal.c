/* SPDX-License-Identifier: MIT */
/*
 * Signals: who gets one, and what it does to them.
 *
 * A signal is a bit, pending for a thread or for the process. Posting sets the bit
 * and kicks a thread; the thread looks when it is about to return to the program
 * (face_work), or in the middle of a wait (face_interrupts), never elsewhere. What
 * is ignored is never pending. Signals do not queue: a second one while the first
 * is pending is the same one.
 *
 * Locking  threads_lock covers actions, pending bits and masks
 * Spec     POSIX.1-2017 System Interfaces 2.4, signal(7)
 */
#include "face.h"
#include "kernel.h"
#include "upcall.h"
#include "user.h"
#include "watch.h"

#define NEVER_BLOCKED (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

static struct linux_sigaction actions[SIGNALS + 1];
static uint64_t process_pending;
static int16_t process_codes[SIGNALS];

/* Default actions that are not the end of the process. Stops have nobody here who
 * would continue them, and count as ignored. */
#define DEFAULT_IGNORES \
    (SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH) | \
     SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))

static bool is_ignored(int signal)
{
    uint64_t handler = actions[signal].handler;

    if (signal == SIGKILL)
        return false;
    return handler == SIG_IGN ||
           (handler == SIG_DFL && (DEFAULT_IGNORES & SIGNAL_BIT(signal)) != 0);
}

void signal_init(void)
{
    linux_self()->restart = -1;
    linux_self()->altstack.ss_flags = SS_DISABLE;
}

void signal_inherit(struct thread *child)
{
    struct linux_thread *c = linux_of(child);

    c->mask = linux_self()->mask;
    c->restart = -1;
    c->altstack.ss_flags = SS_DISABLE;
}

void signal_end(int signal)
{
    process_end((unsigned)signal);
}

/* --- posting -------------------------------------------------------------- */

void signal_thread(struct thread *thread, int signal, int code)
{
    struct linux_thread *l = linux_of(thread);

    lock_take(&threads_lock);
    if (!is_ignored(signal) || (l->mask & SIGNAL_BIT(signal)) != 0) {
        l->pending |= SIGNAL_BIT(signal);
        l->codes[signal - 1] = (int16_t)code;
        thread_kick(thread);
    }
    lock_release(&threads_lock);
}

/* The calling thread if it may, so that a signal to oneself comes at once; else the
 * first one that may; else whoever unblocks it first. */
static struct thread *choose(int signal)
{
    struct thread *self = thread_self();

    if (!self->helper && (linux_of(self)->mask & SIGNAL_BIT(signal)) == 0)
        return self;
    LIST_FOR_EACH(node, &all_threads) {
        struct thread *t = CONTAINER(node, struct thread, link);

        if ((linux_of(t)->mask & SIGNAL_BIT(signal)) == 0)
            return t;
    }
    return NULL;
}

void signal_process(int signal, int code)
{
    struct thread *t;

    lock_take(&threads_lock);
    t = choose(signal);
    if (!is_ignored(signal) || t == NULL) {
        process_pending |= SIGNAL_BIT(signal);
        process_codes[signal - 1] = (int16_t)code;
        if (t != NULL)
            thread_kick(t);
    }
    lock_release(&threads_lock);
}

/* Bits of a Thread.interrupt: 0 only wakes, n is signal n from outside, from whoever
 * started the process and holds its first thread (Launch.signal). */
static void post_from_outside(void)
{
    uint64_t bits = __atomic_fetch_and(&thread_page()->pending, 1, __ATOMIC_SEQ_CST);

    for (bits &= ~UINT64_C(1); bits != 0; bits &= bits - 1)
        signal_process(__builtin_ctzll(bits), SI_USER);
}

/* --- taking --------------------------------------------------------------- */

/* With threads_lock: what the calling thread has to act on now. */
static uint64_t deliverable(const struct linux_thread *l)
{
    return (l->pending | process_pending) & ~l->mask;
}

bool face_interrupts(void)
{
    struct thread *t = thread_self();
    bool yes = false;

    if (t->helper)
        return false;
    post_from_outside();
    lock_take(&threads_lock);
    for (uint64_t due = deliverable(linux_of(t)); due != 0; due &= due - 1)
        yes = yes || !is_ignored(__builtin_ctzll(due) + 1);
    lock_release(&threads_lock);
    return yes;
}

/* With threads_lock: the lowest of `due`, no longer pending. */
static int take(struct linux_thread *l, uint64_t due, int *code)
{
    int signal = __builtin_ctzll(due) + 1;

    if ((l->pending & SIGNAL_BIT(signal)) != 0) {
        l->pending &= ~SIGNAL_BIT(signal);
        *code = l->codes[signal - 1];
    } else {
        process_pending &= ~SIGNAL_BIT(signal);
        *code = process_codes[signal - 1];
    }
    return signal;
}

/* A call that was broken off begins anew, or ends with EINTR, which it has already. */
static void settle_call(struct linux_thread *l, struct phx_registers *r, bool again)
{
    if (l->restart >= 0 && again) {
        r->rax = (uint64_t)l->restart;
        r->rip -= 2; /* the syscall instruction */
    }
    l->restart = -1;
}

static const char *const fatal_names[] = {
    [SIGILL] = "illegal instruction",   [SIGTRAP] = "trap",
    [SIGBUS] = "bus error",             [SIGFPE] = "arithmetic exception",
    [SIGSEGV] = "segmentation fault",
};

/* A fault's end is told with its address: nobody else will. */
static _Noreturn void end_by(int signal, const struct fault *fault)
{
    const struct phx_registers *r = thread_registers_of(thread_self());

    if (fault != NULL)
        program_log("%s at 0x%lx, rip 0x%lx", fatal_names[signal], fault->address, r->rip);
    signal_end(signal);
}

/* Run the handler, or what stands for it. With threads_lock; releases it. */
static void act(struct linux_thread *l, int signal, int code, const struct fault *fault)
{
    struct phx_registers *r = thread_registers_of(thread_self());
    struct linux_sigaction action = actions[signal];
    uint64_t old_mask = l->restore_mask ? l->saved_mask : l->mask;

    if (is_ignored(signal)) {
        lock_release(&threads_lock);
        return;
    }
    if (action.handler == SIG_DFL) {
        lock_release(&threads_lock);
        watch_signal(signal, code, fault);
        end_by(signal, fault);
    }
    if ((action.flags & SA_RESETHAND) != 0)
        actions[signal].handler = SIG_DFL;
    l->restore_mask = false;
    l->mask |= action.mask | ((action.flags & SA_NODEFER) != 0 ? 0 : SIGNAL_BIT(signal));
    l->mask &= ~NEVER_BLOCKED;
    lock_release(&threads_lock);
    watch_signal(signal, code, fault);
    settle_call(l, r, (action.flags & SA_RESTART) != 0);
    if (!frame_push(r, &action, signal, code, fault, old_mask)) {
        program_log("no room for signal %d's frame, stack at 0x%lx", signal, r->rsp);
        signal_end(SIGSEGV);
    }
}

void face_work(void)
{
    struct linux_thread *l = linux_self();
    int signal, code;

    post_from_outside();
    for (;;) {
        lock_take(&threads_lock);
        if (deliverable(l) == 0)
            break;
        signal = take(l, deliverable(l), &code);
        act(l, signal, code, NULL);
    }
    if (l->restore_mask) {
        l->restore_mask = false;
        l->mask = l->saved_mask;
    }
    lock_release(&threads_lock);
    settle_call(l, thread_registers_of(thread_self()), true);
}

void signal_force(const struct fault *fault)
{
    struct linux_thread *l = linux_self();
    int signal = fault->signal;

    lock_take(&threads_lock);
    /* A fault that may not be handled cannot be put off either. */
    if ((l->mask & SIGNAL_BIT(signal)) != 0 || actions[signal].handler == SIG_IGN)
        actions[signal].handler = SIG_DFL;
    act(l, signal, fault->code, fault);
}

/* --- calls ---------------------------------------------------------------- */

static bool is_signal(uint64_t n)
{
    return n >= 1 && n <= SIGNALS;
}

int64_t call_rt_sigaction(const struct call *c)
{
    struct linux_sigaction new, old;
    int64_t e = 0;

    if (!is_signal(c->a) || c->d != 8)
        return -E_INVAL;
    if (c->b != 0) {
        e = copy_from_user(&new, c->b, sizeof(new));
        if (e < 0)
            return e;
        if (c->a == SIGKILL || c->a == SIGSTOP)
            return -E_INVAL;
        new.mask &= ~NEVER_BLOCKED;
    }
    lock_take(&threads_lock);
    old = actions[c->a];
    if (c->b != 0) {
        actions[c->a] = new;
        if (is_ignored((int)c->a)) {
            process_pending &= ~SIGNAL_BIT(c->a);
            linux_self()->pending &= ~SIGNAL_BIT(c->a);
        }
    }
    lock_release(&threads_lock);
    return c->c == 0 ? 0 : copy_to_user(c->c, &old, sizeof(old));
}

/* Also looks whether something became deliverable. */
static void set_mask(uint64_t mask)
{
    struct thread *t = thread_self();

    lock_take(&threads_lock);
    linux_of(t)->mask = mask & ~NEVER_BLOCKED;
    t->work = 1;
    lock_release(&threads_lock);
}

int64_t call_rt_sigprocmask(const struct call *c)
{
    uint64_t old = linux_self()->mask, set;
    int64_t e;

    if (c->d != 8)
        return -E_INVAL;
    if (c->b != 0) {
        e = copy_from_user(&set, c->b, 8);
        if (e < 0)
            return e;
        if (c->a > 2)
            return -E_INVAL;
        set_mask(c->a == 0 ? old | set : c->a == 1 ? old & ~set : set);
    }
    return c->c == 0 ? 0 : copy_to_user(c->c, &old, 8);
}

int64_t call_rt_sigpending(const struct call *c)
{
    struct linux_thread *l = linux_self();
    uint64_t set = (l->pending | process_pending) & l->mask;

    if (c->b > 8)
        return -E_INVAL;
    return copy_to_user(c->a, &set, c->b);
}

int64_t call_rt_sigreturn(const struct call *c)
{
    struct phx_registers *r = thread_registers_of(thread_self());
    uint64_t mask;

    (void)c;
    if (frame_pop(r, &mask)) {
        set_mask(mask);
    } else {
        program_log("bad signal frame at 0x%lx", r->rsp);
        signal_end(SIGSEGV);
    }
    return (int64_t)r->rax;
}

int64_t call_rt_sigsuspend(const struct call *c)
{
    struct linux_thread *l = linux_self();
    uint64_t mask;
    int64_t e;

    if (c->b != 8)
        return -E_INVAL;
    e = copy_from_user(&mask, c->a, 8);
    if (e < 0)
        return e;
    lock_take(&threads_lock);
    l->saved_mask = l->mask;
    l->restore_mask = true;
    l->mask = mask & ~NEVER_BLOCKED;
    lock_release(&threads_lock);
    thread_self()->work = 1;
    return sleep_until(PHX_FOREVER);
}

int64_t call_pause(const struct call *c)
{
    (void)c;
    return sleep_until(PHX_FOREVER);
}

int64_t sleep_until(uint64_t deadline)
{
    while (!face_interrupts())
        if (thread_park(deadline) == -E_TIMEDOUT)
            return 0;
    thread_self()->work = 1;
    return -E_INTR;
}

/* Wait for one of a set, and take it without its handler. */
int64_t call_rt_sigtimedwait(const struct call *c)
{
    struct linux_thread *l = linux_self();
    struct linux_siginfo info = {0};
    uint64_t set, deadline;
    int64_t e = c->d == 8 ? copy_from_user(&set, c->a, 8) : -E_INVAL;
    int signal = 0, code = 0;

    if (e == 0)
        e = load_timeout(c->c, &deadline);
    if (e < 0)
        return e;
    for (;;) {
        lock_take(&threads_lock);
        if (((l->pending | process_pending) & set) != 0)
            signal = take(l, (l->pending | process_pending) & set, &code);
        lock_release(&threads_lock);
        if (signal != 0)
            break;
        if (face_interrupts())
            return -E_INTR;
        if (thread_park(deadline) == -E_TIMEDOUT)
            return -E_AGAIN;
    }
    info.si_signo = signal;
    info.si_code = code;
    info.si_pid = (int32_t)program_pid;
    e = c->b == 0 ? 0 : copy_to_user(c->b, &info, sizeof(info));
    return e < 0 ? e : signal;
}

int64_t call_sigaltstack(const struct call *c)
{
    struct linux_thread *l = linux_self();
    struct linux_stack old = l->altstack, new;
    uint64_t rsp = thread_registers_of(thread_self())->rsp;
    bool inside = old.ss_flags == 0 && rsp - old.ss_sp < old.ss_size;
    int64_t e;

    if (inside)
        old.ss_flags |= SS_ONSTACK;
    if (c->a != 0) {
        e = copy_from_user(&new, c->a, sizeof(new));
        if (e < 0)
            return e;
        if (inside)
            return -E_PERM;
        if ((new.ss_flags & ~(int32_t)(SS_DISABLE | SS_ONSTACK | SS_AUTODISARM)) != 0)
            return -E_INVAL;
        new.ss_flags &= SS_DISABLE;
        if (new.ss_flags == 0 && new.ss_size < MINSIGSTKSZ)
            return -E_NOMEM;
        l->altstack = new;
    }
    return c->b == 0 ? 0 : copy_to_user(c->b, &old, sizeof(old));
}

/* --- sending -------------------------------------------------------------- */

int64_t call_kill(const struct call *c)
{
    int64_t pid = (int32_t)c->a;

    if (c->b > SIGNALS)
        return -E_INVAL;
    /* Its own process and group are all that it can name. */
    if (pid != (int64_t)program_pid && pid != 0 && pid != -1 && pid != -(int64_t)program_pid)
        return -E_SRCH;
    if (c->b == SIGKILL)
        signal_end(SIGKILL);
    if (c->b != 0)
        signal_process((int)c->b, SI_USER);
    return 0;
}

static int64_t send_to_thread(uint64_t id, uint64_t signal)
{
    struct thread *found = NULL;

    if (signal > SIGNALS)
        return -E_INVAL;
    lock_take(&threads_lock);
    LIST_FOR_EACH(node, &all_threads) {
        struct thread *t = CONTAINER(node, struct thread, link);

        if (t->id == id)
            found = t;
    }
    lock_release(&threads_lock);
    if (found == NULL)
        return -E_SRCH;
    if (signal == SIGKILL)
        signal_end(SIGKILL);
    if (signal != 0)
        signal_thread(found, (int)signal, SI_TKILL);
    return 0;
}

int64_t call_tkill(const struct call *c)
{
    return send_to_thread(c->a, c->b);
}

int64_t call_tgkill(const struct call *c)
{
    return c->a == program_pid ? send_to_thread(c->b, c->c) : -E_SRCH;
}

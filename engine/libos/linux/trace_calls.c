/* SPDX-License-Identifier: MIT */
/* Calls whose arguments mean this or that, as another of them says; see trace.h. */
#include "trace.h"

#include "face.h"
#include "user.h"

#define FUTEX_ANY 0xffffffffu
#define FUTEX_OPERATION 0x7f
#define SIGNAL_MASK 0xff /* of clone's flags: the child's last signal */

void show_futex_command(struct trace *t, unsigned i)
{
    const char *name = word_of(t->a[i] & FUTEX_OPERATION, words_futex);

    if (name == NULL)
        put(t, "0x%lx /* FUTEX_??? */", t->a[i]);
    else
        put(t, "%s%s%s", name, (t->a[i] & FUTEX_PRIVATE) != 0 ? "_PRIVATE" : "",
            (t->a[i] & FUTEX_CLOCK_REALTIME) != 0 ? "|FUTEX_CLOCK_REALTIME" : "");
}

/* Whether futex() with this operation has argument i, of those behind the third. */
bool futex_has(const struct trace *t, unsigned i)
{
    switch (t->a[1] & FUTEX_OPERATION) {
    case FUTEX_WAKE: return false;
    case FUTEX_WAIT: return i == 3;
    case FUTEX_WAIT_BITSET: return i != 4;
    case FUTEX_WAKE_BITSET: return i == 5;
    case FUTEX_REQUEUE: return i != 5;
    default: return true;
    }
}

void show_futex_timeout(struct trace *t, unsigned i)
{
    uint64_t operation = t->a[1] & FUTEX_OPERATION;

    if (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET)
        show_timespec(t, i);
    else
        put(t, "%u", (uint32_t)t->a[i]);
}

void show_futex_third(struct trace *t, unsigned i)
{
    uint64_t operation = t->a[1] & FUTEX_OPERATION;
    bool bits = operation == FUTEX_WAIT_BITSET || operation == FUTEX_WAKE_BITSET;

    if (bits && (uint32_t)t->a[i] == FUTEX_ANY)
        put(t, "FUTEX_BITSET_MATCH_ANY");
    else
        put(t, bits || operation == FUTEX_WAKE_OP ? "0x%x" : "%u", (uint32_t)t->a[i]);
}

/* clone(flags, stack, ...): the stack goes first, as strace tells it. */
void show_clone(struct trace *t, unsigned i)
{
    uint64_t flags = t->a[i] & ~(uint64_t)SIGNAL_MASK, signal = t->a[i] & SIGNAL_MASK;

    put(t, "child_stack=");
    put_address(t, t->a[1]);
    put(t, ", flags=");
    if (flags != 0 || signal == 0)
        put_flags(t, flags, words_clone, "CLONE_???");
    put(t, flags != 0 && signal != 0 ? "|" : "");
    if (signal != 0)
        put_signal(t, signal);
}

void show_clone_rest(struct trace *t, unsigned i)
{
    const char *between = "";
    uint32_t id = 0;

    (void)i;
    if ((t->a[0] & CLONE_PARENT_SETTID) != 0) {
        load_user32(t->a[2], &id);
        put(t, "parent_tid=[%u]", id);
        between = ", ";
    }
    if ((t->a[0] & CLONE_SETTLS) != 0) {
        put(t, "%stls=0x%lx", between, t->a[4]);
        between = ", ";
    }
    if ((t->a[0] & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) != 0)
        put(t, "%schild_tidptr=0x%lx", between, t->a[3]);
}

void show_clone3(struct trace *t, unsigned i)
{
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    } a;

    if (copy_from_user(&a, t->a[i], sizeof(a)) < 0) {
        put_address(t, t->a[i]);
        return;
    }
    put(t, "{flags=");
    put_flags(t, a.flags, words_clone, "CLONE_???");
    if ((a.flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) != 0)
        put(t, ", child_tid=0x%lx", a.child_tid);
    if ((a.flags & CLONE_PARENT_SETTID) != 0)
        put(t, ", parent_tid=0x%lx", a.parent_tid);
    put(t, ", exit_signal=");
    put_signal(t, a.exit_signal);
    put(t, ", stack=");
    put_address(t, a.stack);
    put(t, ", stack_size=0x%lx", a.stack_size);
    if ((a.flags & CLONE_SETTLS) != 0)
        put(t, ", tls=0x%lx", a.tls);
    put(t, "}");
    if (!trace_failed(t) && (a.flags & CLONE_PARENT_SETTID) != 0) {
        put(t, " => {parent_tid=");
        put_number_at(t, a.parent_tid);
        put(t, "}");
    }
}

bool fcntl_has_value(const struct trace *t)
{
    return t->a[1] != F_GETFD && t->a[1] != F_GETFL && t->a[1] != F_GETOWN;
}

void show_fcntl_value(struct trace *t, unsigned i)
{
    if (t->a[1] == F_SETFD)
        put(t, t->a[i] == 1 ? "FD_CLOEXEC" : t->a[i] == 0 ? "0" : "0x%lx", t->a[i]);
    else if (t->a[1] == F_SETFL)
        put_open_flags(t, (uint32_t)t->a[i]);
    else if (t->a[1] >= F_GETLK && t->a[1] <= F_SETLKW)
        put_address(t, t->a[i]);
    else
        put(t, "%ld", (int64_t)t->a[i]);
}

void show_ioctl_value(struct trace *t, unsigned i)
{
    uint64_t command = (uint32_t)t->a[1];
    bool sets = (command >= TCSETS && command <= TCSETSF) || command == TIOCSWINSZ ||
                command == FIONBIO || command == TIOCSPGRP;

    if (trace_failed(t) && !sets)
        put_address(t, t->a[i]);
    else if (command >= TCGETS && command <= TCSETSF)
        show_termios(t, i);
    else if (command == TIOCGWINSZ || command == TIOCSWINSZ)
        show_window(t, i);
    else if (command == FIONREAD || command == FIONBIO || command == TIOCGPGRP ||
             command == TIOCSPGRP || command == TIOCGSID)
        put_number_at(t, t->a[i]);
    else
        put_address(t, t->a[i]);
}

void show_arch_value(struct trace *t, unsigned i)
{
    if (t->a[0] == ARCH_GET_FS || t->a[0] == ARCH_GET_GS)
        show_out_address(t, i);
    else
        put_address(t, t->a[i]);
}

bool prctl_has_value(const struct trace *t)
{
    return t->a[0] != PR_GET_DUMPABLE;
}

void show_prctl_value(struct trace *t, unsigned i)
{
    if (t->a[0] == PR_SET_NAME || (t->a[0] == PR_GET_NAME && !trace_failed(t)))
        put_text(t, t->a[i], 16);
    else if (t->a[0] == PR_SET_PDEATHSIG)
        put_signal(t, (uint32_t)t->a[i]);
    else if (t->a[0] == PR_CAPBSET_READ || t->a[0] == PR_SET_DUMPABLE)
        put(t, "%lu", t->a[i]);
    else
        put(t, "%lu, %lu, %lu, %lu", t->a[1], t->a[2], t->a[3], t->a[4]);
}

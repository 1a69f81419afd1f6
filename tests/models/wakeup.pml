/* SPDX-License-Identifier: MIT */
/*
 * Who polls a ring goes to sleep while its owner submits: no entry is left behind.
 *
 * The owner stores the ring's tail and then loads the flag NEED_WAKEUP; the poller stores the
 * flag and then loads the tail. Each core's store may become visible later than its next load
 * (a store buffer of one word each), but for the fences. The poller goes to sleep on a
 * notification at any moment at which it finds nothing, is called away now and then, and polls
 * again when it is woken.
 *
 * Shown, in every order: when nothing can happen any more every entry was taken   Judge
 *
 * A name in braces is the function that a piece mirrors; models_test.sh looks whether it is
 * still there. BUG_x plants one wrong, which must be found.
 */
#ifndef ENTRIES
#define ENTRIES 3
#endif

byte tail, head;          /* as every core sees them; the head is the kernel's own */
bool need_wakeup, bits;   /* the flag; the notification's, which stay until somebody takes them */
bool tail_due, flag_due;  /* stored, and not visible yet */
bool flag_new;
bool polled, sleeps;

/* {rt_ring_submit}, {rt_ring_needs_wakeup} */
proctype Owner()
{
    byte left = ENTRIES;

    do
    :: left > 0 ->
        left--;
        atomic { !tail_due -> tail_due = true };
#ifndef BUG_OWNER_WITHOUT_FENCE
        !tail_due;
#endif
        if
        :: need_wakeup -> /* {op_ring_wake}, {watch_tell}, {notification_signal} */
#ifdef BUG_SIGNAL_NOT_KEPT
            bits = sleeps
#else
            bits = true
#endif
        :: else
        fi
    :: left == 0 -> break
    od
}

/* What a core stored becomes visible some time. */
proctype Buffers()
{
end:
    do
    :: atomic { tail_due -> tail++; tail_due = false }
    :: atomic { flag_due -> need_wakeup = flag_new; flag_due = false }
    od
}

/* {say} */
inline say(value)
{
    atomic { !flag_due -> flag_new = value; flag_due = true }
}

/* {op_ring_poll}, {poll_step}, and the program that asks for them */
proctype Poller()
{
    bool interrupted;

poll:
    polled = true;
    say(false);
step:
    do
    :: head != tail -> head++ /* {take_one} */
    :: head == tail -> break
    od;
    if
    :: goto step /* {look}: it goes on looking */
    :: interrupted = false
    :: interrupted = true
    fi;
#ifdef BUG_LOOKS_FIRST
    if
    :: !interrupted && head != tail -> goto step
    :: else
    fi;
#endif
    say(true);
#ifndef BUG_POLLER_WITHOUT_FENCE
    !flag_due;
#endif
#ifndef BUG_LOOKS_FIRST
    if
    :: !interrupted && head != tail -> say(false); goto step
    :: else
    fi;
#endif
    polled = false;
    if
    :: interrupted -> goto poll
    :: else
    fi;
    sleeps = true;
end:
    atomic { bits -> bits = false; sleeps = false };
    goto poll
}

proctype Judge()
{
    timeout -> assert(head == ENTRIES)
}

init
{
    atomic {
        run Owner();
        run Buffers();
        run Poller();
        run Judge()
    }
}

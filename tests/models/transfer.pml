/* SPDX-License-Identifier: MIT */
/*
 * A capability that moves in a message, from the table of one process to that of
 * another: reserve, check, commit, with a revoke, timers and the death of either side
 * in between.
 *
 * The sender has one row, a hold of X, and two threads that both send it; a third lets
 * go of the row and gets another object, Y, in the same slot. The receiver reserves a row
 * when it begins to wait. Nobody looks at the capability of a queued call until it is
 * taken. What is checked and what is committed are two steps of one stay in the kernel.
 *
 * Shown, in every order:
 *   - X has one row at most, in one table or the other: both sides commit, or neither
 *   - what arrives is X and not whatever took its slot; its sender has it no more
 *   - references, charges and reserved rows are what they should be after every stay,
 *     and all are given back in the end                            consistent(), Judge
 *   - the step behind the check cannot fail                        cap_move()
 *   - whoever waits is answered                                    no invalid end
 *
 * A name in braces is the function of the kernel that a piece mirrors; models_test.sh
 * looks whether it is still there. BUG_x plants one wrong, which must be found.
 */
#define SENDERS 2
#define PLACES 2 /* rows of the receiver's table */
#ifndef STEPS
#define STEPS 2 /* what the receiver asks for */
#endif

#define WAIT_NONE 0
#define WAIT_CALL 1
#define WAIT_RECEIVE 2

#define FREE 0
#define RESERVED 1
#define LIVE 2

#define NOTHING 0
#define X 1
#define Y 2

typedef hold { byte state, object, generation };
hold source;         /* the sender's row */
hold target[PLACES]; /* the receiver's */

bool alive = true;   /* {node_alive}: X's; Y is never revoked */
byte refs;           /* X's references, {object_unref} */
byte source_charged, target_charged; /* {account_charge} of holds */

bool locked; /* with BUG_UNLOCKED */
bool sender_dying, receiver_dying, no_receiver;
byte state[SENDERS];
#ifdef BUG_CHECKED_BEFORE
bool checked[SENDERS];
#endif
byte receiving, receiver_row; /* WAIT_RECEIVE, and the row reserved for it */
chan callers = [SENDERS] of { byte };

hidden byte i_;

/* A stay: nobody else comes between ENTER and LEAVE, because of the lock. The lock itself
 * is only modelled where it is let go of too early. */
#ifdef BUG_UNLOCKED
#define ENTER atomic { !locked -> locked = true }
#define LEAVE atomic { consistent(); locked = false }
#define BETWEEN LEAVE; ENTER
#else
#define ENTER atomic { skip
#define LEAVE consistent() }
#define BETWEEN skip
#endif

#define IS(row, o) (row.state == LIVE && row.object == o)
#define USED(row) (row.state != FREE)

inline consistent()
{
    assert(IS(source, X) + IS(target[0], X) + IS(target[1], X) == refs && refs <= 1);
    assert(source_charged == USED(source));
    assert(target_charged == USED(target[0]) + USED(target[1]));
#ifndef BUG_UNLOCKED
    assert((target[0].state == RESERVED) + (target[1].state == RESERVED) ==
           (receiving == WAIT_RECEIVE))
#endif
}

/* --- rows ------------------------------------------------------------------------ */

/* {cap_give} */
inline row_free(row, charged)
{
    row.state = FREE;
    row.object = NOTHING;
    charged--;
#ifndef BUG_SAME_GENERATION
    row.generation++
#endif
}

/* {cap_release} */
inline cap_release(row, charged)
{
    refs = refs - (row.object == X -> 1 : 0);
    row_free(row, charged)
}

/* {cap_reserve}: the first free row of the receiver's, which `receiver_row` will be */
inline cap_reserve()
{
    receiver_row = (target[0].state == FREE -> 0 : 1);
    target[receiver_row].state = RESERVED;
    target_charged++
}

/* {ipc_unreserve}, {cap_unreserve} */
inline unreserve()
{
    target[receiver_row].state = FREE;
    target_charged--
}

/* {cap_lookup}: the row, its generation, its chain */
#ifdef BUG_NO_CHAIN
#define FINDS(generation_) (source.state == LIVE && source.generation == generation_)
#else
#define FINDS(generation_) (source.state == LIVE && source.generation == generation_ && \
                            (alive || source.object != X))
#endif

/* {cap_move}: nothing here may fail */
inline cap_move()
{
    assert(source.state == LIVE && target[receiver_row].state == RESERVED);
    assert(source.object == X && alive);
    target[receiver_row].state = LIVE;
    target[receiver_row].object = source.object;
#ifdef BUG_COPIES
    refs++
#else
    row_free(source, source_charged)
#endif
}

/* --- waiting ------------------------------------------------------------------------ */

/* {wait_cancel} of a caller */
inline cancel_caller(t)
{
    if
    :: state[t] == WAIT_CALL -> callers??eval(t)
    :: else
    fi;
    state[t] = WAIT_NONE
}

/* {wait_cancel} of the receiver, {ipc_undo} */
inline cancel_receiver()
{
    if
    :: receiving == WAIT_RECEIVE ->
        receiving = WAIT_NONE;
#ifdef BUG_KEEPS_ROW
        skip
#else
        unreserve()
#endif
    :: else
    fi
}

/* --- messages ------------------------------------------------------------------------ */

/* {ipc_call}, {call_now}: of the row that had `generation_`; {can_pass_cap}, {pass_caps} */
inline ipc_call(t, generation_)
{
    ENTER;
    if
    :: sender_dying || no_receiver
    :: !sender_dying && !no_receiver && receiving == WAIT_RECEIVE ->
        if
        :: FINDS(generation_) ->
            BETWEEN;
            atomic { cap_move(); receiving = WAIT_NONE; arrived(generation_) }
        :: else /* InvalidCapability, Revoked: the receiver waits on */
        fi
    :: !sender_dying && !no_receiver && receiving != WAIT_RECEIVE ->
        atomic {
#ifdef BUG_CHECKED_BEFORE
            checked[t] = FINDS(generation_);
#endif
            state[t] = WAIT_CALL;
            callers!t
        }
    fi;
    LEAVE
}

/* {ipc_take}: the first of the queue, or its answer is an error */
inline take_call(t)
{
    atomic {
        callers?t;
        state[t] = WAIT_NONE
    };
    if
#ifdef BUG_CHECKED_BEFORE
    :: checked[t] ->
#else
    :: FINDS(0) -> /* both senders know the row by its first generation */
#endif
        BETWEEN;
        atomic { cap_move(); receiving = WAIT_NONE; arrived(0) }
    :: else
    fi
}

/* {ipc_receive}, {prepare_receive}, {receive_on} */
inline ipc_receive(t)
{
    ENTER;
    if
    :: receiver_dying || !(target[0].state == FREE || target[1].state == FREE)
    :: else ->
        atomic { cap_reserve(); receiving = WAIT_RECEIVE };
        do
        :: receiving == WAIT_RECEIVE && nempty(callers) -> take_call(t)
        :: receiving != WAIT_RECEIVE || empty(callers) -> break
        od
    fi;
    LEAVE
}

/* What the programs see: the receiver has X, and its sender has not. */
inline arrived(generation_)
{
    assert(IS(target[receiver_row], X));
    assert(!(source.state == LIVE && source.generation == generation_));
    receiver_row = 0
}

/* --- who does all this -------------------------------------------------------------- */

proctype Sender(byte t)
{
    ipc_call(t, 0);
    state[t] == WAIT_NONE
}

/* Lets go of the row, and gets Y in the same slot. */
proctype Reuser()
{
    if
    :: ENTER;
        if
        :: !sender_dying && IS(source, X) -> atomic { cap_release(source, source_charged) }
        :: else
        fi;
        LEAVE
    :: skip
    fi;
    if
    :: ENTER;
        if
        :: !sender_dying && source.state == FREE ->
            atomic { source.state = LIVE; source.object = Y; source_charged++ }
        :: else
        fi;
        LEAVE
    :: skip
    fi
}

/* Receives, keeps or drops what came, and ends at last. */
proctype Receiver()
{
    byte left = STEPS, t;

    do
    :: left > 0 && !receiver_dying ->
        left--;
        if
        :: ipc_receive(t)
        :: ENTER;
            if
            :: !receiver_dying && IS(target[0], X) -> cap_release(target[0], target_charged)
            :: !receiver_dying && IS(target[1], X) -> cap_release(target[1], target_charged)
            :: else
            fi;
            LEAVE
        fi;
        t = 0;
        (receiving == WAIT_NONE || receiver_dying)
    :: left == 0 || receiver_dying -> break
    od;
    receiver_dying = true;
    /* {thread_end}, then {release_some}, with others in between */
    ENTER;
    cancel_receiver();
    LEAVE;
    for (t : 0 .. PLACES - 1) {
        ENTER;
        if
        :: target[t].state == LIVE -> cap_release(target[t], target_charged)
        :: target[t].state == RESERVED -> target[t].state = FREE; target_charged--
        :: else
        fi;
        LEAVE
    }
    /* {endpoint_disconnect}: its hold of the endpoint was the last */
    ENTER;
    no_receiver = true;
    do
    :: nempty(callers) -> callers?<t>; cancel_caller(t)
    :: empty(callers) -> break
    od;
    LEAVE
}

/* {process_end}, {thread_end} of each thread, {release_some} of the sender */
proctype SenderKiller()
{
    byte t;

    if
    :: sender_dying = true;
        for (t : 0 .. SENDERS - 1) {
            ENTER;
            cancel_caller(t);
            LEAVE
        }
    :: skip
    fi
}

/* {process_end}: sooner or later */
proctype ReceiverKiller()
{
    receiver_dying = true
}

/* {wait_timers} */
proctype Timer()
{
    if
    :: ENTER; cancel_caller(0); LEAVE
    :: ENTER; cancel_receiver(); LEAVE
    :: skip
    fi
}

/* {cap_revoke_children}, and {cap_sweep} of either table, at any time */
proctype Revoker()
{
    if
    :: ENTER; alive = false; LEAVE;
        ENTER;
        if
        :: IS(source, X) -> cap_release(source, source_charged)
        :: IS(target[0], X) -> cap_release(target[0], target_charged)
        :: IS(target[1], X) -> cap_release(target[1], target_charged)
        :: else
        fi;
        LEAVE
    :: skip
    fi
}

/* When all is over the sender's last row goes too, and nothing is left. */
proctype Judge()
{
    timeout; /* nobody else can do anything */
    atomic {
        if
        :: source.state == LIVE -> cap_release(source, source_charged)
        :: else
        fi;
        assert(refs == 0 && source_charged == 0 && target_charged == 0);
        assert(!locked && receiving == WAIT_NONE && empty(callers))
    }
}

init
{
    atomic {
        source.state = LIVE;
        source.object = X;
        refs = 1;
        source_charged = 1;
        for (i_ : 0 .. SENDERS - 1) {
            run Sender(i_)
        }
        run Reuser();
        run Receiver();
        run SenderKiller();
        run ReceiverKiller();
        run Timer();
        run Revoker();
        run Judge()
    }
}

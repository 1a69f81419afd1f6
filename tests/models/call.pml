/* SPDX-License-Identifier: MIT */
/*
 * A call and the server that may die: every order in which callers, servers, timers, a
 * revoke and deaths can follow each other.
 *
 * Each atomic block is one stay in the kernel, which its one lock makes atomic. A call
 * waits in WAIT_CALL, in the endpoint's queue, then in WAIT_REPLY, to be answered by
 * the thread that serves it (current_call) or through a Reply. Servers ask for what they
 * like, in any order: receive with or without a Reply, answer, take a Reply, duplicate
 * and drop it, let go of the endpoint. Any process may be killed at any moment; then its
 * thread ends and its rows are let go of one by one, with others in between.
 *
 * Shown, where every process ends at last, and with ENDLESS where none does:
 *   - a call is answered exactly once        answered(), no end while one waits
 *   - a Reply answers the call that it was made for, and that once     return_reply()
 *   - current_call and server name each other                          consistent()
 *   - whoever calls is answered at last      ltl answered_at_last, in ENDLESS
 *
 * A name in braces is the function of the kernel that a piece mirrors; models_test.sh
 * looks whether it is still there. BUG_x plants one wrong, which must be found.
 */
#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef SERVERS
#define SERVERS 1
#endif
#ifndef ROWS
#define ROWS 2 /* for Replies, in each server's table */
#endif
#define NOBODY 7
#ifndef STEPS
#define STEPS 2
#endif
#define STEPS_OF(s) (STEPS - (s)) /* what each server asks for */
#define CALLS(c) (2 - (c)) /* how often each client calls */

#define WAIT_NONE 0
#define WAIT_CALL 1
#define WAIT_REPLY 2

#define RUNNING 0
#define RECEIVING 1
#define ENDED 2

/* struct waiter of each client's thread */
byte state[CLIENTS], server[CLIENTS], sequence[CLIENTS], replies[CLIENTS];
bool waiting[CLIENTS]; /* as its program sees it */
bool client_dying[CLIENTS];

/* struct thread of each server's, and its process */
byte thread[SERVERS], current_call[SERVERS];
bool wants_reply[SERVERS], holds_endpoint[SERVERS], dying[SERVERS];

typedef hold {
    bool live;
    byte caller, sequence
};
hold row[SERVERS * ROWS];

/* struct endpoint */
chan callers = [CLIENTS] of { byte };
chan receivers = [SERVERS] of { byte };
byte servers;
bool alive = true; /* {node_alive}: the clients' rows */

/* Used within one stay only. */
hidden byte c_, s_, r_;

#define FREE_ROW(s) (!row[(s) * ROWS].live || !row[(s) * ROWS + ROWS - 1].live)
#define SET_FREE_ROW(s) r_ = (row[(s) * ROWS].live -> (s) * ROWS + ROWS - 1 : (s) * ROWS)

/* --- waiting ---------------------------------------------------------------- */

inline answered(c)
{
    assert(waiting[c]);
    waiting[c] = false
}

/* {wait_end} */
inline wait_end(c)
{
    if
    :: state[c] == WAIT_CALL -> callers??eval(c)
    :: else
    fi;
    state[c] = WAIT_NONE
}

/* {wait_cancel} */
inline wait_cancel(c)
{
    if
    :: state[c] != WAIT_NONE ->
#ifndef BUG_KEEPS_CURRENT_CALL
        if
        :: state[c] == WAIT_REPLY && server[c] != NOBODY -> current_call[server[c]] = NOBODY
        :: else
        fi;
#endif
        wait_end(c);
        server[c] = NOBODY;
        answered(c)
    :: else
    fi
}

/* --- Replies ------------------------------------------------------------------ */

/* {ipc_reply_target}: whether somebody still waits for this row */
#ifdef BUG_STALE_REPLY
#define TARGET(r) (state[row[r].caller] == WAIT_REPLY)
#else
#define TARGET(r) (state[row[r].caller] == WAIT_REPLY && \
                   sequence[row[r].caller] == row[r].sequence)
#endif

/* {object_hold}, {hold_counts}: a Reply for c in row r */
inline reply_hold(r, c)
{
    row[r].live = true;
    row[r].caller = c;
    row[r].sequence = sequence[c];
    replies[c]++
}

/* {cap_release}, {hold_counts} */
inline reply_release(r)
{
    c_ = row[r].caller;
    row[r].live = false;
    if
    :: TARGET(r) ->
        replies[c_]--;
        if
#ifndef BUG_DROPPED_REPLY
        :: replies[c_] == 0 -> wait_cancel(c_)
#endif
        :: else
        fi
    :: else
    fi;
    row[r].caller = 0;
    row[r].sequence = 0
}

/* --- calls -------------------------------------------------------------------- */

/* {deliver}, {reply_object}: s, which receives, gets the call of c */
inline deliver(c, s)
{
    state[c] = WAIT_REPLY;
    sequence[c] = (sequence[c] + 1) % 8;
    server[c] = NOBODY;
    if
    :: wants_reply[s] ->
        wants_reply[s] = false;
        replies[c] = 0;
        SET_FREE_ROW(s);
        reply_hold(r_, c)
    :: else ->
        current_call[s] = c;
        server[c] = s
    fi;
    thread[s] = RUNNING
}

/* {ipc_call}, {call_now} */
inline ipc_call(c)
{
    assert(!waiting[c] && state[c] == WAIT_NONE);
    waiting[c] = true;
    if
    :: !alive || servers == 0 -> answered(c) /* Revoked, Disconnected */
    :: alive && servers > 0 && nempty(receivers) ->
        receivers?s_;
        deliver(c, s_)
    :: alive && servers > 0 && empty(receivers) ->
        state[c] = WAIT_CALL;
#ifdef BUG_LAST_FIRST
        if
        :: nempty(callers) -> callers?s_; callers!c; callers!s_
        :: empty(callers) -> callers!c
        fi
#else
        callers!c
#endif
    fi
}

/* {ipc_receive}, {receive_on}, {ipc_take} */
inline ipc_receive(s, reply)
{
    if
    :: current_call[s] != NOBODY ->
        c_ = current_call[s];
#ifdef BUG_LOSES_CALL
        server[c_] = NOBODY;
        current_call[s] = NOBODY
#else
        wait_cancel(c_)
#endif
    :: else
    fi;
    wants_reply[s] = reply;
    if
    :: nempty(callers) ->
        callers?c_;
        deliver(c_, s)
    :: empty(callers) ->
        thread[s] = RECEIVING;
        receivers!s
    fi
}

/* {answer} */
inline answer(c)
{
    if
    :: server[c] != NOBODY -> current_call[server[c]] = NOBODY
    :: else
    fi;
    wait_end(c);
    server[c] = NOBODY;
    answered(c)
}

/* {ipc_return} with capability 0 */
inline return_current(s)
{
    if
    :: current_call[s] != NOBODY ->
        c_ = current_call[s];
        answer(c_)
    :: else /* Disconnected */
    fi
}

/* {ipc_return} through a Reply */
inline return_reply(r)
{
    if
    :: TARGET(r) ->
        c_ = row[r].caller;
        assert(row[r].sequence == sequence[c_]);
        answer(c_)
    :: else /* Disconnected */
    fi;
    reply_release(r)
}

/* {op_thread_control_take_reply} */
inline take_reply(s)
{
    c_ = current_call[s];
    replies[c_] = 0;
    SET_FREE_ROW(s);
    reply_hold(r_, c_);
    server[c_] = NOBODY;
    current_call[s] = NOBODY
}

/* --- ends ------------------------------------------------------------------------ */

/* {endpoint_disconnect} */
inline endpoint_disconnect()
{
    do
    :: nempty(callers) -> callers?<c_>; wait_cancel(c_)
    :: empty(callers) && nempty(receivers) ->
        receivers?s_;
        wants_reply[s_] = false;
        thread[s_] = RUNNING
    :: empty(callers) && empty(receivers) -> break
    od
}

/* {cap_release}, {hold_counts} of a server's hold of the endpoint */
inline endpoint_release(s)
{
    holds_endpoint[s] = false;
    servers--;
    if
#ifndef BUG_NO_DISCONNECT
    :: servers == 0 -> endpoint_disconnect()
#endif
    :: else
    fi
}

/* {thread_end}, {answer_others} */
inline thread_end(s)
{
    if
    :: thread[s] == RECEIVING -> receivers??eval(s)
    :: else
    fi;
    thread[s] = ENDED;
    wants_reply[s] = false;
#ifdef BUG_FORGETS_SERVED
    current_call[s] = NOBODY
#else
    if
    :: current_call[s] != NOBODY -> c_ = current_call[s]; wait_cancel(c_)
    :: else
    fi
#endif
}

/* {cap_revoke_children}, {wait_sweep} */
inline revoke()
{
    alive = false;
    do
    :: nempty(callers) -> callers?<c_>; wait_cancel(c_)
    :: empty(callers) -> break
    od
}

/* --- who does all this ------------------------------------------------------------- */

#define SERVED(s) (current_call[s] == NOBODY || \
                   (state[current_call[s]] == WAIT_REPLY && server[current_call[s]] == s))
#define SERVING(c) (server[c] == NOBODY || current_call[server[c]] == c)

/* After each stay. */
inline consistent()
{
    assert(SERVED(0) && SERVED(SERVERS - 1) && SERVING(0) && SERVING(CLIENTS - 1))
}

#define MAY(s) (thread[s] == RUNNING && !dying[s])

proctype Client(byte c)
{
    byte left = CALLS(c);

    do
    :: left > 0 && !client_dying[c] ->
        atomic {
            if
            :: client_dying[c]
            :: else -> ipc_call(c); consistent()
            fi
        };
        state[c] == WAIT_NONE -> assert(!waiting[c]);
#ifndef ENDLESS
        left--
#endif
    :: left == 0 || client_dying[c] -> break
    od
}

#ifdef ENDLESS

/* Serves for ever, answering at once or later. */
proctype Server(byte s)
{
    do
    :: atomic { MAY(s) && !row[s * ROWS].live -> ipc_receive(s, false) };
        atomic {
            thread[s] == RUNNING ->
            if
            :: return_current(s)
            :: take_reply(s)
            fi;
            consistent()
        }
    :: atomic { MAY(s) && row[s * ROWS].live -> return_reply(s * ROWS); consistent() }
    od
}

#else

/* {cap_duplicate}: into r_ */
inline reply_copy(r)
{
    row[r_].live = true;
    row[r_].caller = row[r].caller;
    row[r_].sequence = row[r].sequence;
    c_ = row[r].caller;
    if
    :: TARGET(r) -> replies[c_]++
    :: else
    fi
}

/* Row r of s: answer through it, copy it, drop it. */
inline use_reply(s, r)
{
    if
    :: return_reply(r)
    :: reply_release(r)
    :: FREE_ROW(s) -> SET_FREE_ROW(s); reply_copy(r)
    fi
}

proctype Server(byte s)
{
    byte left = STEPS_OF(s);

    do
    :: atomic {
        left > 0 && MAY(s) ->
        left--;
        if
        :: holds_endpoint[s] -> ipc_receive(s, false)
        :: holds_endpoint[s] && FREE_ROW(s) -> ipc_receive(s, true)
        :: return_current(s)
        :: current_call[s] != NOBODY && FREE_ROW(s) -> take_reply(s)
        :: row[s * ROWS].live -> use_reply(s, s * ROWS)
        :: row[s * ROWS + ROWS - 1].live -> use_reply(s, s * ROWS + ROWS - 1)
        :: holds_endpoint[s] -> endpoint_release(s)
        fi;
        consistent()
        }
    :: left == 0 && thread[s] == RUNNING -> dying[s] = true; break /* exits */
    :: dying[s] -> break
    od;
    /* {process_reap}: one step at a time */
    atomic { thread_end(s); consistent() };
    atomic {
        if
        :: row[s * ROWS + ROWS - 1].live -> reply_release(s * ROWS + ROWS - 1)
        :: else
        fi
    };
    atomic {
        if
        :: row[s * ROWS].live -> reply_release(s * ROWS)
        :: else
        fi
    };
    atomic {
        if
        :: holds_endpoint[s] -> endpoint_release(s)
        :: else
        fi;
        consistent()
    }
}

#endif

/* {process_end}: sooner or later each server is told to end, if it did not itself. */
proctype Killer(byte s)
{
    dying[s] = true
}

/* A client's death: {thread_end} of a thread that waits. */
proctype ClientKiller(byte c)
{
    if
    :: atomic { client_dying[c] = true; wait_cancel(c); consistent() }
    :: skip
    fi
}

/* {wait_timers}: at any time, or never */
proctype Timer(byte c)
{
    if
    :: atomic { state[c] != WAIT_NONE -> wait_cancel(c); consistent() }
    :: skip
    fi
}

proctype Revoker()
{
    if
    :: atomic { revoke(); consistent() }
    :: skip
    fi
}

init
{
    atomic {
        for (c_ : 0 .. CLIENTS - 1) {
            server[c_] = NOBODY
        }
        for (s_ : 0 .. SERVERS - 1) {
            current_call[s_] = NOBODY;
            holds_endpoint[s_] = true;
            servers++
        }
        for (c_ : 0 .. CLIENTS - 1) {
            run Client(c_)
        }
        for (s_ : 0 .. SERVERS - 1) {
            run Server(s_);
#ifndef ENDLESS
            run Killer(s_)
#endif
        }
#ifndef ENDLESS
        run ClientKiller(0);
#if CLIENTS > 1
        run Timer(0);
#endif
        run Timer(CLIENTS - 1);
        run Revoker()
#endif
    }
}

#ifdef ENDLESS
ltl answered_at_last {
    [] (waiting[0] -> <> !waiting[0]) && [] (waiting[CLIENTS - 1] -> <> !waiting[CLIENTS - 1])
}
#endif

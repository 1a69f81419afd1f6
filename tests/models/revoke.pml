/* SPDX-License-Identifier: MIT */
/*
 * A revoke against those who check: the order of the generation and the counter, and what a
 * row, a pin and a child remember of a check.
 *
 * Node P is below the root and C below P. A row and a pin name C; further rows are derived
 * below it meanwhile. Revokes of either node, and derives, hold the kernel's lock, as all that
 * changes does. Checks are modelled without it, a step for each word that is read or written:
 * the order alone must do, for whoever looks at a table from outside of the lock.
 *
 * Shown, in every order:
 *   - a check that begins when a revoke has completed does not succeed      Checker
 *   - what is derived is as dead as what it was derived from                the same, row N
 *   - a node's memory is no new node while a pin names it                   the same, the pin
 *
 * A name in braces is the function of the kernel that a piece mirrors; models_test.sh
 * looks whether it is still there. BUG_x plants one wrong, which must be found.
 */
#ifndef CHECKS
#define CHECKS 2 /* of each that checks */
#endif

#define ROW 0
#define PIN 1
#define N 2 /* a row that is derived meanwhile */
#define NAMES 3

/* struct node; a parent's generation is 1 when its children are made */
byte gen_p = 1, gen_c = 1;
#ifdef BUG_PIN_UNCOUNTED
byte refs_c = 1;
#else
byte refs_c = 2;
#endif
byte life_c; /* whose memory it is: counts how often it became a new node */

byte revocations = 1; /* struct caps */
byte up_gen[NAMES], checked[NAMES];

/* What has completed, and what of that was before each came to be. */
byte done_p, done_c;
byte born_p[NAMES], born_c[NAMES];

bool locked;
byte busy; /* checks of the row that are not over */

#define LOCK atomic { !locked -> locked = true }
#define UNLOCK locked = false

/* {cap_revoke_children} */
inline revoke()
{
    LOCK;
#ifdef BUG_COUNTER_FIRST
    revocations++;
#endif
    if
    :: below -> gen_c++
    :: else -> gen_p++
    fi;
#ifndef BUG_COUNTER_FIRST
    revocations++;
#endif
    atomic {
        if
        :: below -> done_c++
        :: else -> done_p++
        fi;
        UNLOCK
    }
}

/* Both, one after the other. */
proctype Revoker(bool below)
{
    revoke();
    below = !below;
    revoke()
}

/* {cap_alive}, {node_alive}; of a pin {pin_look} */
inline check(i)
{
    atomic { completed_p = done_p; completed_c = done_c; seen = revocations };
    if
    :: checked[i] == seen -> alive = true
    :: else ->
        alive = gen_c == up_gen[i];
#ifndef BUG_ONE_LINK
        if
        :: alive -> alive = gen_p == 1
        :: else
        fi;
#endif
        if
#ifdef BUG_STAMP_LATE
        :: alive -> checked[i] = revocations
#else
        :: alive -> checked[i] = seen
#endif
        :: else
        fi
    fi;
    d_step {
        assert(!alive || (completed_p == born_p[i] && completed_c == born_c[i]));
        assert(i != PIN || !alive || life_c == 0);
        completed_p = 0;
        completed_c = 0;
        seen = 0;
        alive = false
    }
}

proctype Checker(byte i)
{
    byte seen, completed_p, completed_c, left = CHECKS;
    bool alive;

    do
    :: left > 0 -> left--; check(i)
    :: left == 0 -> break
    od;
    if
    :: i == ROW -> busy--
    :: else
    fi
}

/* {cap_derive}: a row below C, by whoever holds one whose `up` is P. Looked up and filled in
 * one stay, so that it may be stamped with the counter as it is then. */
proctype Deriver()
{
    byte seen, completed_p, completed_c;
    bool alive;

    LOCK;
    if
    :: gen_p == 1 ->
#ifdef BUG_DERIVES_LATER
        UNLOCK;
        LOCK;
#endif
        atomic {
            up_gen[N] = gen_c;
            checked[N] = revocations;
            refs_c++;
            born_c[N] = done_c; /* P was whole: born_p is 0 */
            UNLOCK
        };
        check(N)
    :: else -> UNLOCK
    fi
}

/* {cap_release}, {node_unref}, and {object_new}: the row is let go of, and where nothing names
 * its node any more, that is another one. */
proctype Recycler()
{
    atomic {
        busy == 0 && !locked ->
        refs_c--;
        if
        :: refs_c == 0 -> gen_c = 1; life_c++
        :: else
        fi
    }
}

init
{
    atomic {
        up_gen[ROW] = 1;
        up_gen[PIN] = 1;
#ifdef PINS
        run Checker(PIN);
        run Deriver();
#else
        busy = 2;
        run Checker(ROW);
        run Checker(ROW);
#endif
        run Recycler();
        if
        :: run Revoker(true)
        :: run Revoker(false)
        fi
    }
}

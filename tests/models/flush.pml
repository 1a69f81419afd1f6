/* SPDX-License-Identifier: MIT */
/*
 * A page that is taken out of a space, and the cores that may still have its translation:
 * each has flushed before the page becomes another's, and the tables before they do.
 *
 * Some cores and one space with one page. A core runs the space's program, or idles, or asks for
 * the kernel's lock and takes the page out, puts another in its place, switches to the space
 * or away from it, or takes the space down, when nobody runs there any more. Its walker
 * may fill its translation at any moment at which the space's root is loaded, whatever the
 * core does then. Each store of the protocol is a step of its own. Interrupts come in when
 * they like, where they are not off: in the kernel they are, and who waits for the lock looks.
 *
 * Shown, in every order:
 *   - a program never reaches a page that is not its own any more       access()
 *   - no walker reads tables that were given back                       Walker
 *   - nobody waits for ever, for the lock or for a flush                no invalid end
 *
 * A name in braces is the function of the kernel that a piece mirrors; models_test.sh
 * looks whether it is still there. BUG_x plants one wrong, which must be found.
 */
#ifndef CORES
#define CORES 3
#endif
#ifndef ASKS
#define ASKS 2 /* what each core asks of the kernel */
#endif

#define NOBODY 9
#define NONE 0

/* Where the core is. */
#define IDLE 0
#define USER 1
#define KERNEL 2

byte at[CORES];
bool loaded[CORES];  /* the root in CR3 is the space's */
bool space[CORES];   /* struct cpu.space is the space */
bool wanted[CORES];  /* flush_wanted */
byte tlb[CORES];     /* which page it finds there; NONE: it has to walk */
byte lock = NOBODY;

byte entry;          /* the page-table entry: a page, or NONE */
byte mapping;        /* the record's page; NONE: there is no record */
bool going;
byte own;            /* the page that is the program's; NONE: none is */
byte pages;          /* numbers given out */
bool dropped, gone;  /* the space is taken down; its tables are given back */

/* {kernel_flush_requested}: the interrupt, and whoever spins for the lock */
inline flush_requested(c)
{
    if
    :: space[c] && dropped ->
#ifndef BUG_NO_UNLOAD
        atomic { loaded[c] = false; tlb[c] = NONE };
        space[c] = false /* {space_unload} */
#endif
    :: else
    fi;
    tlb[c] = NONE;
    wanted[c] = false
}

/* {flush} of the page, which this core asks for */
inline flush(c)
{
#ifndef BUG_FORGETS_OWN
    tlb[c] = NONE;
#endif
    i = 0;
    do
    :: i < CORES ->
        if
        :: i != c && space[i] -> wanted[i] = true; asked[i] = true
        :: else
        fi;
        i++
    :: else -> break
    od;
#ifdef BUG_UNLOCKED
    lock = NOBODY;
#endif
    i = 0;
    do
    :: i < CORES ->
#ifndef BUG_NO_WAIT
        if
        :: asked[i] -> !wanted[i]
        :: else
        fi;
#endif
        asked[i] = false;
        i++
    :: else -> break
    od;
#ifdef BUG_UNLOCKED
    atomic { lock == NOBODY -> lock = c }
#endif
}

/* {mapping_free}: the page is another's from here on */
inline mapping_free()
{
    own = NONE;
    mapping = NONE;
    going = false
}

/* {frame_sweep}, {mapping_clear}, {mapping_write}: only who finds the entry has to flush */
inline take_out(c)
{
    going = true;
#ifdef BUG_FLUSHES_FIRST
    flush(c);
#endif
    seen = entry;
    entry = NONE;
#ifdef BUG_FREES_FIRST
    mapping_free();
#endif
#ifndef BUG_FLUSHES_FIRST
    if
    :: seen != NONE -> flush(c)
    :: else
    fi;
#endif
    if
    :: mapping != NONE -> mapping_free()
    :: else
    fi
}

/* {mapping_insert}, {mapping_write}: another page */
inline put_in()
{
    pages = pages % 3 + 1;
    own = pages;
    mapping = pages;
    entry = pages
}

/* {switch_space} */
inline switch_to_it(c)
{
    space[c] = true;
    loaded[c] = true
}

inline switch_away(c)
{
    space[c] = false;
    atomic { loaded[c] = false; tlb[c] = NONE }
}

/* {space_shrink}: nothing is mapped, and nobody runs there any more */
inline take_down(c)
{
    dropped = true;
    flush(c);
    if
    :: space[c] -> atomic { loaded[c] = false; tlb[c] = NONE }; space[c] = false
    :: else
    fi;
    gone = true
}

#define RUNS(i) (at[i] == USER)
#if CORES > 2
#define NOBODY_RUNS (!RUNS(0) && !RUNS(1) && !RUNS(2))
#else
#define NOBODY_RUNS (!RUNS(0) && !RUNS(1))
#endif

/* Fills the translation whenever the root is loaded; of what is not there it keeps nothing. */
proctype Walker(byte c)
{
end:
    do
    :: atomic { loaded[c] && tlb[c] == NONE && entry != NONE -> assert(!gone); tlb[c] = entry }
    :: atomic { loaded[c] && gone -> assert(false) }
    od
}

proctype Core(byte c)
{
    byte left = ASKS, i, seen;
    bool asked[CORES];

end:
    do
    /* An interrupt. */
    :: at[c] != KERNEL && wanted[c] -> flush_requested(c)
    /* access() */
    :: atomic { at[c] == USER && tlb[c] != NONE -> assert(tlb[c] == own) }
    /* {kernel_lock} */
    :: left > 0 && at[c] != KERNEL ->
        left--;
        at[c] = KERNEL;
        do
        :: atomic { lock == NOBODY -> lock = c }; break
#ifndef BUG_DEAF
        :: wanted[c] -> flush_requested(c)
#endif
        od;
        if
        :: mapping != NONE && !dropped -> take_out(c)
        :: mapping == NONE && !dropped -> put_in()
        :: !space[c] && !dropped -> switch_to_it(c)
        :: space[c] -> switch_away(c)
        :: mapping == NONE && !dropped && NOBODY_RUNS -> take_down(c)
        :: skip
        fi;
        /* {kernel_exit}: to whoever it runs, or to nobody */
        if
        :: space[c] && !dropped -> at[c] = USER
        :: at[c] = IDLE
        fi;
        lock = NOBODY
    od
}

init
{
    atomic {
        put_in();
        space[0] = true; loaded[0] = true; at[0] = USER;
        space[1] = true; loaded[1] = true; at[1] = USER;
        run Core(0);
        run Core(1);
        run Walker(0);
        run Walker(1);
#if CORES > 2
        run Core(2);
        run Walker(2)
#endif
    }
}

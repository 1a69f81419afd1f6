/* SPDX-License-Identifier: MIT */
/*
 * The way out of an upcall, without the kernel, while news and faults come at any instruction.
 *
 * One thread: its program, the libos's dispatcher, the sequence by which that goes back to the
 * program (thread_leave in engine/libos/core/upcall.S, an instruction a step, pops together), and
 * the way out of a fault of the libos itself. At each of them the kernel may have news, and
 * in the libos an instruction may fault.
 *
 * Shown, in every order, whenever the program goes on:
 *   - its registers are its own, however often the sequence began anew       JUMP
 *   - no news is left that it was not told of                                JUMP
 *   - it can be interrupted again, and every frame is free                   JUMP
 *
 * A name in braces is the function of the kernel that a piece mirrors; models_test.sh
 * looks whether it is still there. BUG_x plants one wrong, which must be found.
 */
#ifndef NEWS
#define NEWS 3
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#define FRAMES 4 /* PHX_FRAMES */

/* Where rip is. The restart range begins with RSP and ends before DISPATCH. */
#define PROGRAM 0
#define RSP 1
#define POPS 2
#define DEPTH 3
#define ENABLE 4
#define TEST 5
#define FLAGS 6
#define STACK 7
#define JUMP 8
#define AGAIN_STACK 9
#define AGAIN_DEPTH 10
#define AGAIN_DISABLE 11
#define DISPATCH 12
#define NESTED 13 /* the dispatcher of a fault of the libos */
#define NESTED_POPS 14
#define NESTED_DEPTH 15
#define NESTED_RETURN 16
#define IN_RANGE (rip >= RSP && rip <= AGAIN_DISABLE)

/* The registers: whose they are. */
#define ITS 1
#define OTHERS 2

/* struct phx_thread_page */
byte depth, pending, frame_rip[FRAMES], frame_registers[FRAMES];
bool disabled;

byte rip = PROGRAM, registers = ITS;
byte back;          /* NESTED_RETURN: where to, on the stack by then */
byte sent, told;    /* news */
byte faults;

/* {push} */
inline push(where)
{
    byte d = depth;

    if
    :: IN_RANGE ->
#ifdef BUG_FAULT_GOES_ON
        skip;
#else
        rip = RSP;
#endif
#ifndef BUG_FAULT_OVER_FRAME
        d = (d == 0 -> 1 : d)
#endif
    :: else
    fi;
    assert(d < FRAMES);
    frame_rip[d] = rip;
    frame_registers[d] = registers;
    depth = d + 1;
    disabled = true;
    registers = OTHERS;
    rip = (d == 0 -> DISPATCH : where)
}

/* {upcall_pending} */
inline news()
{
    sent++;
    pending++;
    if
    :: disabled || depth >= FRAMES
#ifndef BUG_NOT_REWOUND
    :: !disabled && depth < FRAMES && IN_RANGE -> rip = RSP
#else
    :: !disabled && depth < FRAMES && IN_RANGE
#endif
    :: !disabled && depth < FRAMES && !IN_RANGE -> push(DISPATCH)
    fi
}

inline instruction()
{
    if
    :: rip == PROGRAM -> skip
    :: rip == RSP -> rip = POPS
    :: rip == POPS -> registers = frame_registers[0]; rip = DEPTH
#ifdef BUG_TESTS_EARLY
    :: rip == DEPTH -> depth = 0; rip = TEST
    :: rip == TEST -> rip = (pending > 0 -> AGAIN_STACK : ENABLE)
    :: rip == ENABLE -> disabled = false; rip = FLAGS
#else
    :: rip == DEPTH -> depth = 0; rip = ENABLE
    :: rip == ENABLE -> disabled = false; rip = TEST
    :: rip == TEST -> rip = (pending > 0 -> AGAIN_STACK : FLAGS)
#endif
    :: rip == FLAGS -> rip = STACK
    :: rip == STACK -> rip = JUMP
    :: rip == JUMP ->
        assert(frame_rip[0] == PROGRAM && registers == ITS);
        assert(pending == 0 && told == sent);
        assert(!disabled && depth == 0);
        rip = PROGRAM
    :: rip == AGAIN_STACK -> rip = AGAIN_DEPTH
    :: rip == AGAIN_DEPTH -> depth = 1; rip = AGAIN_DISABLE
    :: rip == AGAIN_DISABLE -> disabled = true; rip = DISPATCH
    :: rip == DISPATCH -> registers = OTHERS; told = told + pending; pending = 0; rip = RSP
    :: rip == NESTED -> rip = NESTED_POPS
    :: rip == NESTED_POPS ->
        back = frame_rip[depth - 1];
        registers = frame_registers[depth - 1];
        rip = NESTED_DEPTH
    :: rip == NESTED_DEPTH ->
        depth--;
        rip = NESTED_RETURN
    :: rip == NESTED_RETURN -> rip = back
    fi
}

active proctype Thread()
{
end:
    do
    :: atomic { instruction() }
    :: atomic { sent < NEWS -> news() }
    /* In the dispatcher of a fault a fault is a nested one, too, until its frame is given up. */
    :: atomic { rip != PROGRAM && rip <= NESTED && faults < FAULTS -> faults++; push(NESTED) }
    od
}

/* SPDX-License-Identifier: MIT */
/*
 * What the CPU refuses a program, as signals.
 */
#include "face.h"
#include "kernel.h"
#include "upcall.h"

enum { FPE_INTDIV = 1, FPE_INTOVF = 2, FPE_FLTINV = 7, ILL_ILLOPN = 2, SEGV_MAPERR = 1,
       SEGV_ACCERR = 2, BUS_ADRALN = 1, BUS_ADRERR = 2, TRAP_BRKPT = 1 };

/* Vectors: Intel SDM 3A, table 6-1. */
static const struct {
    uint8_t signal, code;
    bool has_address; /* si_addr is where the instruction is */
} vectors[32] = {
    [0] = {SIGFPE, FPE_INTDIV, true},
    [1] = {SIGTRAP, TRAP_BRKPT, true},
    [3] = {SIGTRAP, SI_KERNEL, false},
    [4] = {SIGSEGV, SI_KERNEL, false},
    [5] = {SIGSEGV, SI_KERNEL, false},
    [6] = {SIGILL, ILL_ILLOPN, true},
    [11] = {SIGBUS, SI_KERNEL, false},
    [12] = {SIGBUS, SI_KERNEL, false},
    [13] = {SIGSEGV, SI_KERNEL, false},
    [16] = {SIGFPE, FPE_FLTINV, true},
    [17] = {SIGBUS, BUS_ADRALN, true},
    [19] = {SIGFPE, FPE_FLTINV, true},
};

#define VECTOR_PAGE_FAULT 14

void face_fault(unsigned vector, uint64_t error, uint64_t address, int64_t reason)
{
    uint64_t rip = thread_registers_of(thread_self())->rip;
    struct fault fault = {SIGSEGV, SEGV_MAPERR, address, error, vector};

    if (vector == VECTOR_PAGE_FAULT && reason == -E_NOMEM) {
        program_log("out of memory at 0x%lx, rip 0x%lx", address, rip);
        signal_end(SIGKILL);
    } else if (vector == VECTOR_PAGE_FAULT) {
        if (reason == -E_ACCES)
            fault.code = SEGV_ACCERR;
        else if (reason == -E_IO)
            fault.signal = SIGBUS, fault.code = BUS_ADRERR;
    } else if (vector < 32 && vectors[vector].signal != 0) {
        fault.signal = vectors[vector].signal;
        fault.code = vectors[vector].code;
        fault.address = vectors[vector].has_address ? rip : 0;
    }
    signal_force(&fault);
}

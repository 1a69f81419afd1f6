/* SPDX-License-Identifier: MIT */
/*
 * What the two sides of the test share: the subject, a process whose one thread takes
 * upcalls, and who drives it. Addresses are the same in both.
 */
#ifndef UPCALL_SUBJECT_H
#define UPCALL_SUBJECT_H

#define SHARED 0x10000000
#define SHARED_PAGES 4
#define THREAD_PAGE 0x10010000
#define LIBOS_STACK 0x10024000 /* its top; four pages */
#define STACK_PAGES 4
#define NOWHERE 0x10030000     /* nothing is mapped here */
#define ALIAS 0x11000000       /* the subject's text again, to be written */
#define WINDOW 0x12000000      /* the same in who drives it */

/* struct shared, for assembly */
#define IN_REGISTERS 0
#define OUT_REGISTERS 144
#define IN_XMM 288  /* sixteen, then mxcsr and the control word */
#define OUT_XMM 560
#define EVENT 832
#define SPINNING 840
#define PLANT 848
#define FLAG_STACK 0x800 /* grows down from here */
#define XMM_MXCSR 256
#define XMM_CONTROL 260

#define VECTOR_OF_FRAME 160

#define FAULT 0x06 /* push %es, which 64-bit mode has not: an invalid opcode */

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

#include "phoenix/abi.h"

struct extended {
    uint8_t xmm[16][16];
    uint32_t mxcsr;
    uint16_t control, unused;
    uint64_t unused2;
};

enum mode {
    MODE_PLAIN, /* nothing is planted */
    MODE_FAULT, /* a fault at the point */
    MODE_NEWS,  /* the same, and news arrives there: by then upcalls are disabled */
    MODE_BROKEN, /* nothing is planted; its page has no upcall entry */
    MODE_STOP,  /* the thread stops at the point and news arrives before it goes on */
};

struct shared {
    struct phx_registers in, out;
    struct extended in_extended, out_extended;
    uint64_t event;    /* where the program goes */
    uint64_t spinning; /* set by event_wait */
    uint64_t plant;    /* where the program writes the fault, before the event */
    uint8_t nothing;   /* that is, where nothing is planted */

    uint64_t kind;     /* of upcall that the event is */
    uint64_t skip;     /* where to go on behind it; 0: where it is */
    uint64_t mode;
    uint64_t nest;     /* faults of the handler itself, one inside the other */
    uint64_t pend;     /* news that comes while the handler runs */
    uint64_t work;     /* the handler leaves work */
    uint64_t planted;  /* address of the fault; 0: none */
    uint64_t original; /* the byte that is there */
    uint64_t hits;     /* faults at `planted`, before the program went on */
    uint64_t upcalls;  /* of the event */
    uint64_t worked;   /* work that was done */
    uint64_t nested;   /* faults of the handler */
    uint64_t news;     /* bits that arrived as news */
    uint64_t wrong;    /* something that cannot be */
    uint64_t thread, done, go; /* capabilities of the subject */
};
#define SUBJECT ((struct shared *)SHARED)

#define BIT_DONE 1 /* of the driver's notification */
#define BIT_STOPPED 2
/* Bits of Thread.interrupt, and of what the handler finds pending. */
#define NEWS 2
#define NEWS_PENDING 4
#define NEWS_EVENT 8

/* subject.S */
extern const char program_start[], program_begin[], program_end[];
extern const char event_fault[], event_fault_end[], event_syscall[], event_exception[];
extern const char event_wait[], event_wait_end[], event_none[];
extern const char choose[], choose_watched[];
extern const char __start_program[];
int probe(void); /* 1: it faulted and was mended */
extern const char probe_fault[], probe_mended[];
/* engine/libos/core/upcall.S, the one that is looked at */
extern const char upcall_entry[], upcall_entry_watched[], restart_low[], restart_high[];

#endif
#endif

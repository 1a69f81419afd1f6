/* SPDX-License-Identifier: MIT */
/*
 * The binary interface between a program and the kernel.
 *
 * There is one way in: a submission entry. It lies in a ring, or in memory
 * (ENTER1), or in registers, and means the same in all three. What may be asked
 * for is written in schema/kernel.capnp; this header has the shapes that carry
 * it: the operation word, the entry, the message, the ring, the thread page.
 *
 * Register form of a system call
 *   in   rax  operation word (below)
 *        rdi  capability id, or 0 for the well-known slot of a libnyx number
 *        rsi rdx r10 r8 r9       words 0-4
 *        rbx r12 r13 r14 r15     words 5-9, of messages only (in: where the operation
 *             word counts more than five; out: where it says PHX_OP_WIDE)
 *   out  rax  negative: an error (-enum error). Otherwise 0, or for what carries
 *             a message its info word (PHX_INFO_*)
 *        rdi  badge, where a message was received; else as it was
 *        words as they came in: a message's words are where their sender put
 *        them, so that the kernel moves none. Results of kernel methods are in
 *        words 0-4; words that carry nothing are as they were.
 *        rcx, r11 are destroyed (Intel SDM 2B, SYSCALL); all else is preserved.
 *
 * Spec   docs/ARCHITECTURE.md, "Operations"
 */
#ifndef PHOENIX_ABI_H
#define PHOENIX_ABI_H

#ifndef __ASSEMBLER__
#include <stdint.h>
#endif

#define PHX_PAGE_SHIFT 12
#define PHX_PAGE_SIZE 4096

/* The first address that no program may use; the page below is never mapped. */
#define PHX_USER_END 0x00007ffffffff000

/* --- the operation word ------------------------------------------------- */

#define PHX_KIND_NYX 1       /* number is a libnyx operation, 0-255 */
#define PHX_KIND_TRANSPORT 2 /* number is one of PHX_T_* */

#define PHX_T_NOP 1
#define PHX_T_CALL 2        /* method of the capability, and wait for its answer */
#define PHX_T_RECV 3        /* wait on an endpoint to be called */
#define PHX_T_RETURN 4      /* answer: capability 0, the call being served; else a Reply */
#define PHX_T_RETURN_RECV 5 /* answer the call being served, then wait on the endpoint */
#define PHX_T_SEND 6        /* method of the capability, one way: into its server's mailbox */
#define PHX_T_RELEASE 7     /* let go of a capability */
#define PHX_T_SIGNAL 8      /* Notification.signal(word 0) */
#define PHX_T_WAIT 9        /* Notification.wait(word 0 mask, word 1 deadline) */
#define PHX_T_ENTER1 10     /* rdi: address of one struct phx_entry */

/* Flags of an entry in a ring (libnyx's submission flags). */
#define PHX_ENTRY_CHAIN 1         /* the next entry starts when this one succeeded, or not at all */
#define PHX_ENTRY_NO_CQE 2        /* no completion if it succeeds */
#define PHX_ENTRY_FIXED_BUFFER 4  /* the address of its buffer is PHX_FIXED without bit 63 */
#define PHX_ENTRY_DRAIN 8         /* starts when all before have ended; those behind wait for it */
#define PHX_ENTRY_LINK_TIMEOUT 16 /* a no-op: word 0 is the deadline of the entry before it */
#define PHX_ENTRY_ASYNC 32        /* not started by who takes it, but when its thread waits */
#define PHX_ENTRY_FLAGS 63

/* The address of a byte of a registered buffer (Ring.registerBuffer), for any operation. */
#define PHX_FIXED(index, offset) (1UL << 63 | (uint64_t)(index) << 48 | (offset))
#define PHX_FIXED_BUFFERS 32768

/* For RETURN, `method` is the status: 0, or the error's (positive) number. */
#define PHX_OP(kind, number, method, words) \
    ((kind) | (number) << 8 | (method) << 16 | (words) << 24)
#define PHX_OP_NOP PHX_OP(PHX_KIND_TRANSPORT, PHX_T_NOP, 0, 0)
#define PHX_OP_CALL(method, words) PHX_OP(PHX_KIND_TRANSPORT, PHX_T_CALL, method, words)
#define PHX_OP_SEND(method, words) PHX_OP(PHX_KIND_TRANSPORT, PHX_T_SEND, method, words)
#define PHX_OP_RECV PHX_OP(PHX_KIND_TRANSPORT, PHX_T_RECV, 0, 0)
#define PHX_OP_RETURN(status, words) PHX_OP(PHX_KIND_TRANSPORT, PHX_T_RETURN, status, words)
#define PHX_OP_RETURN_RECV(status, words) \
    PHX_OP(PHX_KIND_TRANSPORT, PHX_T_RETURN_RECV, status, words)
#define PHX_OP_RELEASE PHX_OP(PHX_KIND_TRANSPORT, PHX_T_RELEASE, 0, 0)
#define PHX_OP_ENTER1 PHX_OP(PHX_KIND_TRANSPORT, PHX_T_ENTER1, 0, 0)
#define PHX_OP_NYX(number) PHX_OP(PHX_KIND_NYX, number, 0, 0)
/* In registers: ten words may come back. Without it, five: a longer message is cut, so that
 * registers which a function must preserve are none of a stranger's business. */
#define PHX_OP_WIDE 0x80000000UL
/* In registers, CALL to SEND: rsi is the address of a struct phx_message. */
#define PHX_OP_MESSAGE 0x40000000UL
#define PHX_OP_FLAGS_SHIFT 32

/* The info word of a received message or answer. */
#define PHX_INFO_WORDS(info) ((info)&0xff)          /* how many words it has */
#define PHX_INFO_METHOD(info) ((info) >> 8 & 0xff)  /* of a call: what is asked */
#define PHX_INFO_CAPS(info) ((info) >> 16 & 0xff)   /* capabilities that came */
#define PHX_INFO_LOST(info) ((info) >> 24 & 0xff)   /* bit i: capability i was dead at arrival */
#define PHX_INFO_LENGTH(info) ((info) >> 32 & 0xffffff) /* bytes in the buffer */
/* Bit 62: the message was longer than the buffer, which has its beginning, or had more
 * words than there was room for. */
#define PHX_INFO_CUT (1L << 62)
#define PHX_INFO_ONE_WAY (1L << 61) /* was sent, not called: nobody waits for an answer */

#define PHX_LOG_LINE 128 /* bytes that Log.write takes */
#define PHX_FOREVER (~0UL) /* a deadline that never comes; 0 polls */

/* Protection of a mapping; write and execute together are refused. */
#define PHX_PROT_READ 1
#define PHX_PROT_WRITE 2
#define PHX_PROT_EXECUTE 4

#define PHX_WORDS 10
#define PHX_MESSAGE_CAPS 4
#define PHX_MESSAGE_MAX 65536 /* bytes in a buffer; more goes in frames */
#define PHX_SEND_MAX 4096    /* of a one-way message, which the kernel keeps */


/* Well-known rows of a capability table: index = enum Slot, generation 1. */
#define PHX_SLOT_ID(slot) ((uint64_t)(slot) | 1UL << 32)
#define PHX_SLOT_COUNT 16

#define PHX_ID_INDEX(id) ((uint32_t)(id))
#define PHX_ID_GENERATION(id) ((uint32_t)((id) >> 32))

/* Upcall kinds (second argument of the upcall entry). */
#define PHX_UPCALL_PAGE_FAULT 1 /* frame.address, frame.error as the CPU gives it */
#define PHX_UPCALL_SYSCALL 2    /* a system call from outside the libos range */
#define PHX_UPCALL_EXCEPTION 3  /* frame.vector, frame.error */
#define PHX_UPCALL_PENDING 4    /* asynchronous: bits are in `pending` */

/* Offsets that assembly needs; abi_check.c holds them against the structs. */
#define PHX_PAGE_ENTRY 0
#define PHX_PAGE_STACK 8
#define PHX_PAGE_DISABLED 16
#define PHX_PAGE_DEPTH 20
#define PHX_PAGE_PENDING 24
#define PHX_PAGE_RESTART_LOW 32
#define PHX_PAGE_RESTART_HIGH 40
#define PHX_PAGE_SELF 48
#define PHX_PAGE_FRAMES 64
#define PHX_REG_RSI 0
#define PHX_REG_RDX 8
#define PHX_REG_R10 16
#define PHX_REG_R8 24
#define PHX_REG_R9 32
#define PHX_REG_RBX 40
#define PHX_REG_R12 48
#define PHX_REG_R13 56
#define PHX_REG_R14 64
#define PHX_REG_R15 72
#define PHX_REG_RBP 80
#define PHX_REG_R11 88
#define PHX_REG_RAX 96
#define PHX_REG_RCX 104
#define PHX_REG_RDI 112
#define PHX_REG_RIP 120
#define PHX_REG_RFLAGS 128
#define PHX_REG_RSP 136
#define PHX_FRAME_SIZE 192
#define PHX_FRAMES 4

#ifndef __ASSEMBLER__

/* One submission. */
struct phx_entry {
    uint64_t op;
    uint64_t cap;
    uint64_t words[5]; /* arguments; CALL, RECV, RETURN(_RECV) with a message:
                          word 0 is the address of a struct phx_message (SEND too) */
    uint64_t user;     /* comes back in the completion */
};

/* One completion in a ring. */
struct phx_completion {
    uint64_t user;
    int64_t result;    /* negative error, or as rax in the register form */
    uint64_t words[2]; /* a kernel method's first results; of a RECV, the badge */
};

/* How a capability rides along. */
#define PHX_CAP_COPY 1 /* derived from the sender's, who can take it back */
#define PHX_CAP_MOVE 2 /* the sender's row itself */

/*
 * A message with everything that registers have no room for. What goes in is read once when
 * the operation starts; badge, info, reply, and what came of words and caps, are written
 * when it ends. (After a kernel method: five words. Failed without an answer: nothing.)
 */
struct phx_message {
    uint64_t send_address; /* in: bytes that go out */
    uint64_t recv_address; /* in: where bytes that come in are put */
    uint32_t send_length;
    uint32_t recv_capacity;
    uint64_t deadline;     /* in: of the wait; a CALL's covers delivery and answer */
    uint8_t cap_modes[PHX_MESSAGE_CAPS]; /* in: PHX_CAP_*, for those to send */
    uint8_t send_caps;     /* in: how many go out */
    uint8_t accept_caps;   /* in: how many may come in (rows are reserved) */
    uint8_t flags;         /* in: PHX_MESSAGE_* */
    uint8_t unused;
    uint16_t accept[PHX_MESSAGE_CAPS]; /* in: interface that each must have; 0 any */
    uint64_t badge;        /* out */
    uint64_t info;         /* out */
    uint64_t reply;        /* out, with PHX_MESSAGE_REPLY: the Reply capability; else 0 */
    uint64_t words[PHX_WORDS];       /* in: those the operation word counts; out */
    uint64_t caps[PHX_MESSAGE_CAPS]; /* in: ids to send; out: ids that came */
};
#define PHX_MESSAGE_REPLY 1 /* RECV: as takeReply would; always so in a ring */
#define PHX_MESSAGE_INTERRUPTIBLE 2 /* Thread.interrupt ends the wait */

/*
 * A ring: this header, then the submission entries, then the completions, in one
 * frame. Each index is written by one side only, the kernel keeps its own copies,
 * and each counts up for ever (position = index & (size - 1)).
 */
struct phx_ring {
    uint32_t submit_head;   /* kernel: taken up to here */
    uint32_t complete_tail; /* kernel: filled up to here */
    uint32_t submissions;   /* kernel: sizes */
    uint32_t completions;
    uint32_t flags;         /* kernel: PHX_RING_* */
    uint32_t reserved[11];
    uint32_t submit_tail;   /* user, on a cache line of its own */
    uint32_t complete_head; /* user */
    uint32_t reserved2[14];
};
#define PHX_RING_NEED_WAKEUP 1 /* who polls it has stopped looking: Ring.wake */
#define PHX_RING_CQ_OVERFLOW 2 /* never: an entry without room for its completion stays */
/* newRing's flags. */
#define PHX_RING_SQPOLL 1        /* Ring.poll may take its entries */
#define PHX_RING_SINGLE_ISSUER 2 /* which is always so: its thread's */
#define PHX_RING_DEFER_TASKRUN 4 /* its thread is not interrupted to start what was put off: */
#define PHX_RING_COOP_TASKRUN 8  /* that waits until it enters the kernel by itself */
#define PHX_RING_SETUP_FLAGS 15

/* A thread's registers, in the order that the kernel saves them: a message's words first,
 * so that the kernel works on them where they are (PHX_REG_* has the offsets). */
struct phx_registers {
    uint64_t rsi, rdx, r10, r8, r9, rbx, r12, r13, r14, r15;
    uint64_t rbp, r11, rax, rcx, rdi;
    uint64_t rip, rflags, rsp;
};

/* What an upcall saves; the first argument of the upcall entry points to it. */
struct phx_frame {
    struct phx_registers registers; /* 18 words */
    uint64_t address;               /* fault address */
    uint64_t error;
    uint64_t vector;
    uint64_t kind;                  /* PHX_UPCALL_* */
    uint64_t disabled;              /* what `disabled` was */
    uint64_t unused;
};

/*
 * The thread page: the kernel writes it through its own alias. An upcall pushes
 * frames[depth], increments depth, sets disabled and enters at `entry` with
 * rdi = address of the frame, rsi = kind, rdx = address of this page, on `stack`
 * when disabled was 0, else 256 bytes below the interrupted stack pointer, both
 * times aligned so that rsp + 8 is a multiple of 16, as after a call.
 * The libos leaves by restoring the registers, decrementing depth, clearing
 * disabled, testing pending, then popfq, the stack pointer, and a jump through
 * memory, all inside the restart range [low, high). Asynchronous news that finds
 * rip there sets pending bits and moves rip back to `low`, because `pending` may
 * have been tested already; so the sequence must be one that can begin anew at any
 * point. A fault there counts as one of `low`: it pushes frame 1 at least (frame 0 is what
 * is being left) with rip = low and rsp = stack, and is taken on `stack`. (iretq would do in one
 * instruction, but QEMU's reads its operands with the kernel's rights, which SMAP
 * refuses.)
 */
struct phx_thread_page {
    uint64_t entry;
    uint64_t stack;
    uint32_t disabled;
    uint32_t depth;
    uint64_t pending;
    uint64_t restart_low, restart_high; /* rip in [low, high): as if disabled */
    uint64_t self; /* the kernel writes the page's user address here */
    uint64_t unused;
    struct phx_frame frames[PHX_FRAMES];
    uint64_t local[]; /* the libos's, up to the end of the page */
};

/*
 * What the holder of a pool is told through the frame that it gave to FramePool.watch: how many
 * pages its account has to give back and by when, and which frames were taken because it did not.
 */
struct phx_taken {
    uint64_t physical, pages;
};
struct phx_repossession {
    uint64_t wanted;   /* pages */
    uint64_t deadline;
    uint64_t taken;    /* frames so far: entry n % PHX_TAKEN_MAX is the n-th's */
    struct phx_taken vector[];
};
#define PHX_TAKEN_MAX 254 /* in a page */

/*
 * One row of a process's table, as Process.holds shows it. Numbers of objects and nodes
 * are equal for equal things as long as they live, and nothing else.
 */
struct phx_hold {
    uint64_t id;       /* as the process names it */
    uint64_t object;
    uint64_t methods, badge;
    uint64_t uses;     /* left; ~0: not counted */
    uint64_t up;       /* the node that keeps it valid */
    uint64_t above;    /* that node's parent; 0: `up` is the root, which nobody revokes */
    uint64_t down;     /* the node of what was derived from it; 0: nothing was */
    uint16_t interface;
    uint8_t depth;     /* of `up` */
    uint8_t dead;      /* revoked, not swept yet */
    uint32_t unused;
};
#define PHX_HOLDS 16 /* in one answer at most */

/*
 * Where a new process's first thread looks: rdi is the address of this block (in
 * read-only memory of its own), rsi that of its thread page (0: it has none).
 * Further threads get rdi = newThread's argument, rsi alike.
 */
struct phx_start {
    uint32_t capset_offset; /* from the block's address, multiple of 8 */
    uint32_t capset_length; /* bytes; a Cap'n Proto message, schema/start.capnp CapSet */
    uint32_t startup_offset;
    uint32_t startup_length; /* a Startup message; 0: none */
};

#endif
#endif

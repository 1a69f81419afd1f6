/* SPDX-License-Identifier: MIT */
/*
 * The kernel's objects, other than threads. Each begins with a struct object; who
 * names one counts in object.refs, and the last to let go frees it
 * (object_unref). What is served by the kernel itself and exists once (clock,
 * console ...) is one static object, `machine`, a hold's interface says which part of it.
 */
#pragma once

#include "kernel.h"
#include "kernel_ops.h"
#include "slots.h"
#include "tree.h"

struct thread;
struct waiter;

/* Physical pages. A populated frame has no holds, only the mapping that owns it. */
struct frame {
    struct object object; /* dead: its pages were taken back */
    struct list link;     /* in account.frames; pinned or not given out yet, in none */
    uint64_t pfn;
    uint64_t pages;
    struct list mappings; /* of struct mapping.frame_link, by .swept */
    uint32_t pins;        /* the kernel's own uses: rings, thread pages */
    bool owned;           /* free its pages at the end (not the boot module's) */
    bool sealed;          /* nobody writes it */
};

/* Holds of a frame name a part of it: badge = first page << 32 | pages. Those of slots, ports,
 * device memory, interrupt lines and PCI functions name a range of them in the same way. */
#define FRAME_BADGE(offset, pages) ((uint64_t)(offset) << 32 | (pages))
#define FRAME_BADGE_OFFSET(badge) ((badge) >> 32)
#define FRAME_BADGE_PAGES(badge) ((badge)&0xffffffff)

/* A run of pages of one frame at a run of addresses of one space. */
struct mapping {
    struct tree_node node; /* in space.mappings; key = first address */
    struct list frame_link;
    struct space *space;
    struct frame *frame;   /* counted */
    uint64_t pages;
    uint64_t offset;       /* of its first page in the frame */
    struct node *up;       /* what keeps it alive, counted: the hold's it was made with */
    uint64_t up_gen;
    uint8_t protection;
    uint8_t most;          /* what `up`'s hold allowed */
    uint8_t sealed;        /* SEALED: not written, though `most` may allow it; and
                              PHX_PROT_WRITE if it could be written until then */
    uint64_t swept;        /* the sweep that last found it alive */
    bool going;            /* being taken down: its addresses are not free yet */
    uint64_t done;         /* while going or sealed by its frame: pages whose entries say so */
};

#define SEALED 1

/* A table of leaves that was found, which stays until its space is taken down. */
struct leaves {
    uint64_t region;       /* address >> ARCH_LEAVES_SHIFT; ~0: none yet */
    pte_t *entries;
};
#define SPACE_LEAVES 4

struct space {
    struct object object;
    uint64_t root;         /* page tables, physical */
    struct tree mappings;
    struct leaves found[SPACE_LEAVES]; /* by the region's last bits */
    uint64_t flushes;      /* moves when something that was mapped so no longer is */
    bool dropped;          /* no core may keep it loaded */
    uint16_t domain;       /* of a DMA domain: its number, 0 while it has no device */
};

struct notification {
    struct object object;
    uint64_t bits;
    struct list waiters;   /* of struct waiter.link */
    struct chore giving;   /* of bits that came, where many wait */
    uint64_t round;        /* of it: the number of its sweep */
};

/* An object that the kernel goes on using for somebody, as long as the hold that
 * allowed it was not revoked. */
struct pin {
    struct object *object; /* counted; NULL: none */
    struct node *up;       /* counted: the hold's */
    uint64_t up_gen;
    uint64_t checked;      /* revocations when its chain was last seen whole */
};

/* Whom to tell of something: which bits of which notification. */
struct watch {
    struct pin notification;
    uint64_t bits;
};

/* Authority to take pages, and who is to give them back when its account is asked to. */
struct pool {
    struct object object;
    struct watch watch;
    struct pin page;       /* the frame of `told` */
    struct phx_repossession *told;
    uint64_t taken;        /* frames since */
};

struct endpoint {
    struct object object;
    struct list callers;   /* of struct waiter.link, first come first */
    struct list receivers;
    struct mailbox *mailbox; /* NULL: it takes no one-way messages */
    uint64_t queued;       /* of those without a badge */
    struct tree badges;    /* of struct badge.node */
    struct thread *server; /* who received here last and nowhere else since; or NULL */
    uint32_t servers;      /* holds that may receive */
    struct chore closing;  /* once that is 0 */
};

/* How many client holds have a badge; made at its first mint, and there as long as there
 * are holds or one-way messages of it. */
struct badge {
    struct tree_node node; /* key = the badge */
    uint64_t holds;
    uint64_t queued;       /* one-way messages of it that wait */
    struct watch watch;
};

/* A group of threads that shares slots. */
struct schedule {
    struct object object;
    struct share share;
    uint64_t slice_end_bits; /* for the thread page of whose turn is over; 0: none */
};

enum process_state { PROCESS_NEW, PROCESS_RUNNING, PROCESS_DYING, PROCESS_DEAD };

struct process {
    struct object object;
    struct cap_table table;
    struct space *space;       /* counted */
    uint64_t libos_low, libos_size;
    struct list threads;       /* of struct thread.process_link */
    struct list account_link, all_link;
    struct chore reap;
    uint64_t pid;
    uint64_t status;
    uint64_t fault_address;
    struct watch watch, keeper;
    struct list untold;        /* of struct thread.untold_link, for the keeper */
    uint8_t state;
    uint32_t thread_count;
};

/* One that takes a method of a kernel object. Its arguments and results may lie in the same
 * words: a method has read what it needs before it writes, and writes only if it succeeds. */
struct invocation {
    struct thread *thread;
    struct waiter *waiter; /* who is answered if the operation waits */
    struct hold *row;      /* NULL: none was needed */
    struct object *object;
    uint64_t badge;
};

/* --- objects (object.c) --------------------------------------------------- */

void object_unref(struct object *o);
void objects_init(void); /* sizes of kinds, hooks of caps */
void thread_free(struct thread *t);
/* A child of the invoked capability, in the invoking process. */
MUST_USE err_t result_derive(struct invocation *inv, uint64_t methods, uint64_t badge,
                             unsigned interface, uint64_t uses, uint64_t *id);
/* The same in any table, in row `slot`; 0: in any row. */
MUST_USE err_t result_derive_in(struct invocation *inv, struct cap_table *table, uint32_t slot,
                                uint64_t methods, uint64_t badge, unsigned interface,
                                uint64_t uses, uint64_t *id);
/* A child that names `count` from `at` on of what a badge says as FRAME_BADGE() does. */
MUST_USE err_t result_part(struct invocation *inv, uint64_t at, uint64_t count, uint64_t *id);
/* A hold of an object in the thread's process. A new object that gets none goes again, since
 * nobody names it: so no method has to undo what it made. */
MUST_USE err_t object_hold(struct thread *t, struct object *o, unsigned interface,
                           uint64_t methods, uint64_t badge, uint64_t *id);
/* Capability.revoke of a row of that table; BLOCKED if effects are left to take down. */
MUST_USE err_t row_revoke(struct invocation *inv, struct cap_table *table, struct hold *row,
                          uint64_t own);
/* Have all that was installed through holds of an object looked at again, which is counted
 * for it; BLOCKED if steps are left. */
MUST_USE err_t sweep_begin(struct invocation *inv, struct object *o);
void pin_set(struct pin *p, const struct hold *row); /* instead of what it had */
void pin_drop(struct pin *p);
bool pin_look(struct pin *p);
static inline bool pin_alive(struct pin *p)
{
    return p->object && (p->checked == kernel.caps.revocations || pin_look(p));
}

/* The record of a badge, or NULL: 0, never minted, or its last hold is gone. */
struct badge *badge_find(const struct endpoint *e, uint64_t number);
/* If there is nothing of it any more. */
void badge_check(struct endpoint *e, struct badge *b);

/* The object behind another capability of the caller's, which must have this
 * interface and method. */
MUST_USE err_t other(struct thread *t, uint64_t id, unsigned interface, unsigned method,
                     struct hold **row);

/* --- frames (frame.c) ----------------------------------------------------- */

uint64_t frames_init(const struct boot_info *info); /* how many pages there are */
/* Not zeroed; at that page, if it is not 0. */
MUST_USE err_t frame_new(struct account *a, uint64_t pages, uint64_t at, struct frame **out);
/* A frame of pages that are there: owned, they are freed with it. */
MUST_USE err_t frame_of(struct account *a, uint64_t pfn, uint64_t pages, bool owned,
                        struct frame **out);
void frame_free(struct frame *f);
/* Used by the kernel once more, or less; not at all, it can be taken back from now on. */
void frame_pin(struct frame *f, int more);
void pool_free(struct pool *p);
/* Whether a hold of it allows this method now. */
MUST_USE err_t frame_usable(const struct frame *f, unsigned method);
struct work;
void frame_zero_some(struct work *w); /* work.unlocked: zero what comes next */

/* --- address spaces (space.c) --------------------------------------------- */

/* IFACE_ADDRESS_SPACE: a process's; IFACE_DMA_DOMAIN: of a struct domain, a device's. */
MUST_USE err_t space_new(struct account *a, unsigned type, struct space **out);
/* Map now, in one go: for the first process and thread pages, few pages only. */
MUST_USE err_t space_map_now(struct space *s, struct frame *f, uint64_t address, uint64_t pages,
                             unsigned protection);
/* Take down a bounded part; false when nothing is left. */
bool space_shrink(struct space *s);
/* Take down a bounded part of the mappings of a frame whose hold was revoked; false
 * when sweep number `sweep` (++kernel.sweeps, by who revoked) has seen them all. */
bool frame_sweep(struct frame *f, uint64_t sweep);
void space_free(struct space *s);
/* arch_pte(), quick where it looked lately; in copy.c where it did not. */
pte_t *space_find_leaves(struct space *s, uint64_t address);
static inline struct leaves *space_found(struct space *s, uint64_t address)
{
    return &s->found[(address >> ARCH_LEAVES_SHIFT) % SPACE_LEAVES];
}
static inline pte_t *space_pte(struct space *s, uint64_t address)
{
    const struct leaves *found = space_found(s, address);

    if (found->region != address >> ARCH_LEAVES_SHIFT)
        return space_find_leaves(s, address);
    return &found->entries[address >> PHX_PAGE_SHIFT & (ARCH_LEAVES - 1)];
}

/* --- user memory (copy.c) ------------------------------------------------- */

MUST_USE err_t copy_in(struct space *s, void *to, uint64_t from, uint64_t n);
MUST_USE err_t copy_out(struct space *s, uint64_t to, const void *from, uint64_t n);
/* Each of the two without a space: the kernel's own memory. */
MUST_USE err_t copy_across(struct space *from, uint64_t from_address, struct space *to,
                           uint64_t to_address, uint64_t n, bool *receiver_failed);
/* Whether a range is user memory and mapped so, now. */
MUST_USE err_t user_check(struct space *s, uint64_t address, uint64_t n, unsigned protection);
/* The same for a range within one page: the kernel's alias, or NULL. Good until the lock is
 * let go. */
void *user_alias(struct space *s, uint64_t address, uint64_t n, unsigned protection);
/* The same where leaves were found lately, else NULL: without a call. */
static inline void *user_near(struct space *s, uint64_t address, uint64_t n, unsigned protection)
{
    const struct leaves *found = space_found(s, address);
    uint64_t offset = address & (PHX_PAGE_SIZE - 1);

    if (found->region != address >> ARCH_LEAVES_SHIFT || offset + n > PHX_PAGE_SIZE)
        return NULL;
    pte_t pte = found->entries[address >> PHX_PAGE_SHIFT & (ARCH_LEAVES - 1)];
    return arch_pte_allows(pte, protection) ? direct(arch_pte_pa(pte) + offset) : NULL;
}

/* --- processes (process.c) ------------------------------------------------ */

MUST_USE err_t process_new(struct account *a, uint64_t libos_low, uint64_t libos_high,
                           struct process **out);
/* It ends; the rest is taken down step by step. */
void process_end(struct process *p, uint64_t status, uint64_t fault_address);
void process_free(struct process *p);

/* --- notifications -------------------------------------------------------- */

void notification_signal(struct notification *n, uint64_t bits);
/* Tell these bits of the caller's notification `id`, and nobody else from now on. */
MUST_USE err_t watch_set(struct watch *w, struct thread *t, uint64_t id, uint64_t bits);
bool watch_tell(struct watch *w); /* false: there is nobody */

/* --- schedules (schedule.c) ----------------------------------------------- */

extern struct timetable timetable;
extern struct schedule root_schedule; /* has all slots that nobody bound otherwise */
/* So many slots for each core, all of them the root's. */
void schedules_init(unsigned count, uint64_t slot_ns);
/* Whose turn it is on this core, and how come; NULL: nobody's. */
struct schedule *schedule_next(struct cpu *c, uint64_t now, unsigned *rank);
/* Look at some slots and places from `next` on, after a revoke; false: at all of them. */
bool schedules_sweep(uint64_t *next);

/* --- rings (ring.c) ------------------------------------------------------- */

struct ring;
void ring_complete(struct waiter *w, int64_t result, const uint64_t words[2]);
/* Ring.enter is over: how many entries it took, or an error. */
void ring_entered(struct thread *t, err_t error);
/* Take what may be taken of a thread that is in Ring.enter; start what was put off. */
void ring_continue(struct thread *t);
/* Have the thread start what its ring put off, on its way out of the kernel. */
void ring_rouse(struct thread *t);
void ring_poll(struct thread *t); /* from the timer */
/* A bounded step of destroying a thread's ring; false: it has none any more. */
bool ring_shrink(struct thread *t);

/* --- devices of programs (hardware.c, dma.c) ------------------------------ */

extern struct frame device_memory;
/* Unbind the lines that nobody is to be told of now. */
void irq_sweep(void);
struct domain;
/* The last hold is gone: its device is stopped at once, the rest is taken down later. */
void domain_free(struct domain *d);
void dma_sweep(void);  /* detach those whose function was revoked */
void dma_faults(void); /* the hardware has some to report */

/* --- devices -------------------------------------------------------------- */

extern struct object machine;
void console_init(void); /* with the first frame */
void console_emit(unsigned type, const void *bytes, size_t length);
bool console_framed(void);

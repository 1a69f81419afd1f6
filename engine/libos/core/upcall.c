/* SPDX-License-Identifier: MIT */
#include "upcall.h"

#include "kernel.h"
#include "mm.h"
#include "thread.h"
#include "user.h"

#define VECTOR_DEBUG 1
#define VECTOR_PAGE_FAULT 14
#define FLAG_TRAP (UINT64_C(1) << 8)
/* Page-fault error code, Intel SDM 3A 4.7. */
#define FAULT_WRITE 2
#define FAULT_FETCH 16

/* user.S: code that may fault, and where it goes on then. */
struct fixup {
    uint64_t low, high, target;
};
/* Hidden: clang would look for them in a table that a program without relocations lacks. */
__attribute__((visibility("hidden"))) extern const struct fixup fixups_start[], fixups_end[];

static bool mend(struct phx_registers *registers)
{
    for (const struct fixup *f = fixups_start; f < fixups_end; f++) {
        if (registers->rip < f->low || registers->rip >= f->high)
            continue;
        registers->rip = f->target;
        return true;
    }
    return false;
}

static uint32_t access_of(uint64_t error)
{
    if ((error & FAULT_FETCH) != 0)
        return PHX_PROT_EXECUTE;
    return (error & FAULT_WRITE) != 0 ? PHX_PROT_WRITE : PHX_PROT_READ;
}

static int64_t page_fault(const struct phx_frame *frame)
{
    /* What lies in the libos's range is there or a mistake, never paged. */
    if (!user_range(frame->address, 1))
        return -E_FAULT;
    return mm_fault(frame->address, access_of(frame->error));
}

/* A fault of the libos: on the program's memory, or it is wrong itself. */
static void libos_fault(struct phx_frame *frame, uint64_t kind)
{
    if (frame->vector == VECTOR_DEBUG && frame->registers.rip == (uint64_t)restart_low) {
        /* The program's trap flag, one instruction early: it goes on without. */
        thread_registers_of(thread_self())->rflags &= ~FLAG_TRAP;
        frame->registers.rflags &= ~FLAG_TRAP;
        return;
    }
    if (kind == PHX_UPCALL_PAGE_FAULT && page_fault(frame) == 0)
        return;
    if (mend(&frame->registers))
        return;
    program_log("fault in the libos: vector %lu at 0x%lx, rip 0x%lx", frame->vector,
                frame->address, frame->registers.rip);
    process_end(11);
}

void upcall_work(void)
{
    struct thread *t = thread_self();

    while (__atomic_load_n(&t->work, __ATOMIC_SEQ_CST) != 0) {
        __atomic_store_n(&t->work, 0, __ATOMIC_SEQ_CST);
        face_work();
    }
}

void upcall_dispatch(struct phx_frame *frame, uint64_t kind, struct phx_thread_page *page)
{
    struct thread *t = (struct thread *)page->local;
    int64_t e;

    if (frame != &page->frames[0]) {
        libos_fault(frame, kind);
        return;
    }
    switch (kind) {
    case PHX_UPCALL_PAGE_FAULT:
        e = page_fault(frame);
        if (e < 0)
            face_fault(VECTOR_PAGE_FAULT, frame->error, frame->address, e);
        break;
    case PHX_UPCALL_EXCEPTION:
        face_fault((unsigned)frame->vector, frame->error, frame->address, 0);
        break;
    case PHX_UPCALL_PENDING:
        /* What the other bits mean is the face's business. */
        __atomic_fetch_and(&page->pending, ~UINT64_C(1), __ATOMIC_SEQ_CST);
        __atomic_store_n(&t->work, 1, __ATOMIC_SEQ_CST);
        break;
    }
    upcall_work();
}

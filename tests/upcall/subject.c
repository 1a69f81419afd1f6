/* SPDX-License-Identifier: MIT */
/*
 * The subject's handlers, between the libos's way in and its way out (engine/libos/core/
 * upcall.S, linked here twice): what is looked at, and a second one that takes what was
 * planted in the first.
 */
#include "subject.h"

#include "kernel.stubs.h"
#include "libos/core/offsets.h"

void libos_main(void);
void face_syscall(struct phx_registers *r);
void face_syscall_watched(struct phx_registers *r);
void upcall_work(void);
void upcall_dispatch(struct phx_frame *frame, uint64_t kind, struct phx_thread_page *page);
void second_libos_main(void);
void second_face_syscall(struct phx_registers *r);
void second_face_syscall_watched(struct phx_registers *r);
void second_upcall_work(void);
void second_upcall_dispatch(struct phx_frame *frame, uint64_t kind, struct phx_thread_page *page);

static struct phx_thread_page *const page = (struct phx_thread_page *)THREAD_PAGE;

static uint32_t *const thread_work = (uint32_t *)(THREAD_PAGE + THREAD_WORK);

static void wrong(uint64_t what)
{
    if (SUBJECT->wrong == 0)
        SUBJECT->wrong = what;
}

/* The program has stored its registers: tell, and wait for what comes next. */
static void park(struct phx_registers *r)
{
    struct notification_wait_out out;

    notification_signal(SUBJECT->done, BIT_DONE);
    while (notification_wait(SUBJECT->go, 1, PHX_FOREVER, &out) < 0)
        continue; /* news */
    r->rip = (uint64_t)program_begin;
}

/* The event has been taken; what the round wants of the handler happens here. */
static void handle(void)
{
    struct shared *s = SUBJECT;

    s->upcalls++;
    if (s->nest > 0 && !probe())
        wrong(1);
    if (s->pend)
        __atomic_fetch_or(&page->pending, s->pend, __ATOMIC_SEQ_CST);
    s->pend = 0;
    *thread_work = (uint32_t)s->work;
    if (s->mode == MODE_STOP)
        page->entry = 0;
}

static void take_news(void)
{
    SUBJECT->news |= __atomic_exchange_n(&page->pending, 0, __ATOMIC_SEQ_CST);
}

void face_syscall(struct phx_registers *r)
{
    if (SUBJECT->kind != PHX_UPCALL_SYSCALL || r->rip != (uint64_t)event_syscall + 2)
        wrong(2);
    r->rcx = r->rip; /* as the instruction would */
    r->r11 = r->rflags;
    handle();
}

void face_syscall_watched(struct phx_registers *r)
{
    face_syscall(r);
}

void upcall_work(void)
{
    if (*thread_work != 1)
        wrong(3);
    *thread_work = 0;
    SUBJECT->worked++;
}

void upcall_dispatch(struct phx_frame *frame, uint64_t kind, struct phx_thread_page *from)
{
    struct shared *s = SUBJECT;

    if (from != page)
        wrong(4);
    if (frame != &page->frames[0]) {
        if (kind != PHX_UPCALL_PAGE_FAULT || frame->registers.rip != (uint64_t)probe_fault)
            wrong(frame->registers.rip);
        s->nested++;
        if (frame == &page->frames[1] && s->nest > 1 && !probe())
            wrong(5);
        frame->registers.rip = (uint64_t)probe_mended;
        return;
    }
    if (frame->registers.rip == (uint64_t)program_start && kind == PHX_UPCALL_EXCEPTION) {
        park(&frame->registers);
        return;
    }
    if (kind == PHX_UPCALL_PENDING)
        take_news();
    if (kind != s->kind || s->upcalls != 0) {
        if (kind != PHX_UPCALL_PENDING)
            wrong(6);
        return;
    }
    if (s->skip)
        frame->registers.rip = s->skip;
    handle();
}

void libos_main(void)
{
}

/* --- what was planted --------------------------------------------------------------- */

/* The byte comes back; where the restart range was left it begins anew. */
void second_upcall_dispatch(struct phx_frame *frame, uint64_t kind, struct phx_thread_page *from)
{
    struct shared *s = SUBJECT;
    uint64_t rip = frame->registers.rip;
    bool in_range = s->planted >= (uint64_t)restart_low && s->planted < (uint64_t)restart_high;

    if (from != page || kind != PHX_UPCALL_EXCEPTION || s->planted == 0 ||
        rip != (in_range ? (uint64_t)restart_low : s->planted))
        wrong(rip);
    *(volatile uint8_t *)(ALIAS + s->planted) = (uint8_t)s->original;
    s->planted = 0;
    if (page->frames[0].registers.rip == (uint64_t)program_start)
        return; /* the program has stored its registers already */
    s->hits++;
    if (s->mode == MODE_NEWS)
        thread_interrupt(s->thread, NEWS);
}

void second_libos_main(void)
{
}

void second_face_syscall(struct phx_registers *r)
{
    (void)r;
    wrong(7);
}

void second_face_syscall_watched(struct phx_registers *r)
{
    second_face_syscall(r);
}

void second_upcall_work(void)
{
    wrong(8);
}

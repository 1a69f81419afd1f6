/* SPDX-License-Identifier: MIT */
/*
 * Upcalls, disturbed at every instruction: a subject takes upcalls of each kind through the
 * libos's own way in and out (engine/libos/core/upcall.S), and at one instruction of that
 * after the other a fault is planted, or news arrives. Afterwards each register, the flags,
 * the red zone and the extended state of the interrupted program must be what they were.
 *
 * What is planted is an invalid opcode in the subject's text. Either a second copy of the
 * handlers takes it, puts the byte back and goes on there; or the subject has no upcall entry
 * at that moment, stops exactly there, and its keeper, which is this program, mends it, sends
 * news, and lets it go on. Instructions that nothing was planted in successfully fail the test.
 */
#include "subject.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "proc/package.h"
#include "rt/rt.h"

#define STATUS_GOOD 10 /* none that an emulator ends with by itself */
#define STATUS_BAD 11
#define PATIENCE_NS UINT64_C(3000000000)
#define READ_WRITE (PHX_PROT_READ | PHX_PROT_WRITE)
#define IMAGE_LOW 0x200000

static const struct point {
    uint16_t offset;
    const char *text;
} points[] = {
#include "points.inc.c"
};
#define POINTS (sizeof points / sizeof *points)

struct scenario {
    const char *name;
    const char *event, *skip;
    uint64_t kind, nest, pend, work;
    bool watched;
};

static const struct scenario scenarios[] = {
    {"page_fault", event_fault, event_fault_end, PHX_UPCALL_PAGE_FAULT, 0, 0, 0, false},
    {"system_call", event_syscall, NULL, PHX_UPCALL_SYSCALL, 0, 0, 0, false},
    {"watched_system_call", event_syscall, NULL, PHX_UPCALL_SYSCALL, 0, 0, 0, true},
    {"exception", event_exception, NULL, PHX_UPCALL_EXCEPTION, 0, 0, 0, false},
    {"news", event_wait, event_wait_end, PHX_UPCALL_PENDING, 0, 0, 0, false},
    {"nested", event_fault, event_fault_end, PHX_UPCALL_PAGE_FAULT, 1, 0, 0, false},
    {"nested_twice", event_fault, event_fault_end, PHX_UPCALL_PAGE_FAULT, 2, 0, 0, false},
    {"news_in_the_handler", event_syscall, NULL, PHX_UPCALL_SYSCALL, 0, NEWS_PENDING, 0, false},
    {"nested_with_news", event_exception, NULL, PHX_UPCALL_EXCEPTION, 1, NEWS_PENDING, 0, true},
    {"work", event_syscall, NULL, PHX_UPCALL_SYSCALL, 1, 0, 1, false},
    {"watched_work", event_syscall, NULL, PHX_UPCALL_SYSCALL, 0, NEWS_PENDING, 1, true},
};
#define SCENARIOS (sizeof scenarios / sizeof *scenarios)

static struct phx_thread_page *const page = (struct phx_thread_page *)THREAD_PAGE;
static uint64_t process, thread, told, go; /* told: of what the subject and the kernel tell */
static unsigned failures;

static uint64_t chance(void)
{
    static uint64_t state = 1;
    uint64_t z = state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void check(const char *name, bool good, const char *format, ...)
{
    char text[400];
    va_list arguments;

    va_start(arguments, format);
    vfmt(text, sizeof text, format, arguments);
    va_end(arguments);
    failures += !good;
    rt_print("%s upcall.%s %s\n", good ? "ok" : "FAIL", name, text);
}

/* --- the subject ----------------------------------------------------------------------- */

static void must(const char *what, int64_t result)
{
    if (result < 0)
        rt_panic("%s: %s", what, rt_error_text(result));
}

/* Pages that both have at the same address; from `window` on, where that is another. */
static void *map_both(uint64_t space, uint64_t address, uint64_t window, uint64_t pages,
    unsigned protection, uint64_t alias)
{
    struct frame_pool_alloc_out frame = {0};

    must("alloc", frame_pool_alloc(RT_POOL, pages, &frame));
    must("map", address_space_map(space, frame.frame, address, 0, pages, protection));
    must("map here", address_space_map(RT_SPACE, frame.frame, window, 0, pages, READ_WRITE));
    if (alias)
        must("alias", address_space_map(space, frame.frame, alias, 0, pages, READ_WRITE));
    phx_release(frame.frame);
    return (void *)window;
}

struct program_header {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, align;
};

/* Our own image, in pages of its own: the text can be written by another address. */
static void load(uint64_t space, const struct proc_image *image)
{
    const struct program_header *header =
        (const void *)(image->bytes + *(const uint64_t *)(const void *)(image->bytes + 32));
    unsigned count = *(const uint16_t *)(const void *)(image->bytes + 56);

    for (const struct program_header *h = header; h < header + count; h++) {
        uint64_t low = h->address & -(uint64_t)PHX_PAGE_SIZE;
        uint64_t pages = (h->address + h->memory_size - low + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;
        bool text = h->flags & 1;

        if (h->type != 1)
            continue;
        map_both(space, low, WINDOW + low, pages,
            text ? PHX_PROT_READ | PHX_PROT_EXECUTE
                 : h->flags & 2 ? READ_WRITE : PHX_PROT_READ,
            text ? ALIAS + low : 0);
        memcpy((uint8_t *)WINDOW + h->address, image->bytes + h->offset, h->file_size);
    }
}

static uint64_t give(uint64_t capability, uint64_t methods, unsigned slot)
{
    struct capability_grant_out out = {0};

    must("grant", capability_grant(capability, process, methods, slot, &out));
    return out.capability;
}

static uint64_t new_notification(void)
{
    struct account_new_notification_out out = {0};

    must("notification", account_new_notification(rt_cap("account"), &out));
    return out.notification;
}

/* A thread whose page is a frame that we have too. */
static void begin_thread(uint64_t space)
{
    struct frame_pool_alloc_out frame = {0};
    struct process_new_thread_out out = {0};

    must("alloc", frame_pool_alloc(RT_POOL, 1, &frame));
    must("map", address_space_map(space, frame.frame, THREAD_PAGE, 0, 1, READ_WRITE));
    must("map", address_space_map(RT_SPACE, frame.frame, THREAD_PAGE, 0, 1, READ_WRITE));
    must("thread", process_new_thread(process, (uint64_t)program_start, 0, 0, frame.frame,
        THREAD_PAGE, &out));
    thread = out.thread;
    page->entry = (uint64_t)choose;
    page->stack = LIBOS_STACK;
    page->restart_low = (uint64_t)restart_low;
    page->restart_high = (uint64_t)restart_high;
    SUBJECT->thread = give(thread, THREAD_M_INTERRUPT, 0);
    must("start", thread_start(thread));
}

static void begin(void)
{
    static struct package package;
    struct account_new_process_out new = {0};
    struct proc_image image;
    const char *problem = package_open(&package, rt_cap("bootPackage"));

    if (problem == NULL)
        problem = package_image(&package, "upcall", &image);
    if (problem != NULL)
        rt_panic("boot package: %s", problem);
    /* All of the image is its libos, but for the program. */
    must("process", account_new_process(
        rt_cap("account"), IMAGE_LOW, (uint64_t)__start_program, &new));
    process = new.process;
    load(new.space, &image);
    map_both(new.space, SHARED, SHARED, SHARED_PAGES, READ_WRITE, 0);
    map_both(new.space, LIBOS_STACK - STACK_PAGES * PHX_PAGE_SIZE,
        LIBOS_STACK - STACK_PAGES * PHX_PAGE_SIZE, STACK_PAGES, READ_WRITE, 0);
    told = new_notification();
    go = new_notification();
    SUBJECT->done = give(told, NOTIFICATION_M_SIGNAL, 0);
    SUBJECT->go = give(go, NOTIFICATION_M_WAIT, 0);
    must("keeper", process_keeper(process, told, BIT_STOPPED));
    begin_thread(new.space);
}

/* --- a round ------------------------------------------------------------------------------- */

static uint8_t *text_at(uint64_t address)
{
    return (uint8_t *)WINDOW + address;
}

static uint64_t wait_told(void)
{
    struct notification_wait_out out = {0};
    struct clock_now_out now = {0};

    clock_now(rt_cap("clock"), &now);
    notification_wait(told, BIT_DONE | BIT_STOPPED, now.ns + PATIENCE_NS, &out);
    return out.bits;
}

/* Whatever this thread does with them, the subject's are its own. */
static void spoil_extended(void)
{
    static uint8_t garbage[16];

    for (unsigned i = 0; i < 16; i++)
        garbage[i] = (uint8_t)chance();
    __asm__ volatile("movups %0, %%xmm0\n\tmovups %0, %%xmm7\n\tmovups %0, %%xmm15" ::"m"(garbage));
}

static uint8_t red_zone[128];
static const uint64_t nonsense[] = {0, PHX_USER_END, 0xffff800000000000, ~UINT64_C(0)};

/* What the program begins with: anything, on a stack that lies anywhere. */
static void fill(const struct scenario *s, enum mode mode)
{
    struct shared *subject = SUBJECT;
    uint64_t *in = (uint64_t *)&subject->in;

    for (unsigned i = 0; i < 18; i++)
        in[i] = chance();
    /* CF PF AF ZF SF DF OF ID */
    subject->in.rflags = (chance() & 0x200cd5) | 0x202;
    subject->in.rsp = SHARED + PHX_PAGE_SIZE + 256 + chance() % (2 * PHX_PAGE_SIZE);
    for (unsigned i = 0; i < sizeof red_zone; i++)
        red_zone[i] = ((uint8_t *)subject->in.rsp)[(int)i - 128] = (uint8_t)chance();
    for (unsigned i = 0; i < 256; i++)
        subject->in_extended.xmm[i / 16][i % 16] = (uint8_t)chance();
    subject->in_extended.mxcsr = 0x1f80 | (uint32_t)(chance() & 0x603f);
    subject->in_extended.control = (uint16_t)(0x37f ^ (chance() & 0xc00));
    memset(&subject->out, 0, sizeof subject->out);
    memset(&subject->out_extended, 0, sizeof subject->out_extended);
    subject->event = (uint64_t)s->event;
    subject->skip = (uint64_t)s->skip;
    subject->kind = s->kind;
    subject->nest = s->nest;
    subject->pend = s->pend;
    subject->work = s->work;
    subject->mode = mode;
    subject->spinning = subject->hits = subject->upcalls = subject->nested = 0;
    subject->news = subject->worked = 0;
    page->entry = mode == MODE_BROKEN ? nonsense[chance() % 4]
                  : (uint64_t)(s->watched ? choose_watched : choose);
}

/* From the program's beginning on; where it is 0, nothing. */
static void plant(uint64_t address)
{
    SUBJECT->planted = address;
    SUBJECT->original = address ? *text_at(address) : 0;
    SUBJECT->plant = address ? ALIAS + address : (uint64_t)&SUBJECT->nothing;
}

static unsigned stops, repairs; /* at the point; elsewhere for want of an entry */
static bool stopped;            /* in this round, at the point */

/* What the event was, and as if it had not been yet. */
static bool mend_event(const struct scenario *s, const struct process_stopped_out *out)
{
    static struct phx_registers registers;
    uint64_t over = s->kind == PHX_UPCALL_SYSCALL ? 2 : s->kind == PHX_UPCALL_EXCEPTION ? 1 : 0;

    if (thread_registers(out->thread, (uint64_t)&registers, 0) < 0 ||
        registers.rip != (uint64_t)s->event + over)
        return false;
    registers.rip -= over; /* int3 and syscall are behind themselves */
    if (s->kind == PHX_UPCALL_PAGE_FAULT && (out->address != NOWHERE || out->error != 4))
        return false;
    return over == 0 || thread_registers(out->thread, (uint64_t)&registers, 1) >= 0;
}

/* It stopped because it could not be told; nothing of it has changed. */
static bool mend(const struct scenario *s)
{
    static struct phx_registers registers;
    struct process_stopped_out out = {0};
    uint64_t planted = SUBJECT->planted;

    if (process_stopped(process, &out) < 0 ||
        thread_registers(out.thread, (uint64_t)&registers, 0) < 0)
        return false;
    page->entry = (uint64_t)(s->watched ? choose_watched : choose);
    if (planted != 0 && registers.rip == planted) {
        *(volatile uint8_t *)text_at(planted) = (uint8_t)SUBJECT->original;
        SUBJECT->planted = 0;
        thread_interrupt(thread, NEWS);
        stopped = true;
        stops++;
    } else if (registers.rip == (uint64_t)program_start && out.kind == PHX_UPCALL_EXCEPTION) {
        repairs++;
    } else if (out.kind == s->kind && SUBJECT->mode == MODE_BROKEN && mend_event(s, &out)) {
        repairs++;
    } else {
        return false;
    }
    int64_t result = thread_start(out.thread);
    phx_release(out.thread);
    return result >= 0 && process_stopped(process, &out) == -PHX_NOT_FOUND;
}

static bool run_round(const struct scenario *s, enum mode mode, uint64_t address)
{
    uint64_t bits;

    fill(s, mode);
    stopped = false;
    plant(address);
    notification_signal(go, 1);
    if (s->kind == PHX_UPCALL_PENDING) {
        while (!*(volatile uint64_t *)&SUBJECT->spinning)
            thread_control_yield(RT_THREAD);
        thread_interrupt(thread, NEWS_EVENT);
    }
    spoil_extended();
    while (!((bits = wait_told()) & BIT_DONE))
        if (!(bits & BIT_STOPPED) || !mend(s))
            return false;
    if (SUBJECT->planted != 0)
        *(volatile uint8_t *)text_at(address) = (uint8_t)SUBJECT->original;
    SUBJECT->planted = 0;
    return true;
}

/* --- what came of it -------------------------------------------------------------------------- */

static const char *difference(const struct scenario *s, enum mode mode)
{
    struct shared *subject = SUBJECT;
    struct phx_registers expected = subject->in;
    bool arrived = stopped || (subject->hits > 0 && mode == MODE_NEWS);
    uint64_t news = (s->kind == PHX_UPCALL_PENDING ? NEWS_EVENT : 0) | s->pend;

    expected.rip = 0;
    if (s->kind == PHX_UPCALL_SYSCALL) {
        expected.rcx = (uint64_t)event_syscall + 2;
        expected.r11 = expected.rflags;
    }
    if (memcmp(&expected, &subject->out, sizeof expected) != 0)
        return "registers or flags";
    if (memcmp((const void *)(expected.rsp - 128), red_zone, sizeof red_zone) != 0)
        return "the red zone";
    if (memcmp(&subject->in_extended, &subject->out_extended, 262) != 0)
        return "extended state";
    if (subject->upcalls != 1 || subject->nested != s->nest || subject->worked != s->work)
        return "how often its handlers ran";
    if (subject->wrong != 0)
        return "what its handlers saw";
    if (page->depth != 1 || page->disabled != 1) /* it waits in its handler */
        return "its thread page";
    if (subject->news != (news | (arrived ? NEWS : 0)))
        return "the news";
    return NULL;
}

static const char *compare(const struct scenario *s, enum mode mode, bool came, const char *at)
{
    static char why[300];
    const char *what = came ? difference(s, mode) : "no answer";

    if (what == NULL)
        return NULL;
    fmt(why, sizeof why, "%s: %s; at %s; wrong 0x%lx, upcalls %lu, nested %lu, news %lu, depth %u",
        s->name, what, at, SUBJECT->wrong, SUBJECT->upcalls, SUBJECT->nested, SUBJECT->news,
        page->depth);
    return why;
}

static void kinds(void)
{
    for (unsigned i = 0; i < SCENARIOS; i++) {
        char name[64];
        const char *why = NULL;

        for (unsigned n = 0; n < 50 && why == NULL; n++)
            why = compare(&scenarios[i], MODE_PLAIN,
                run_round(&scenarios[i], MODE_PLAIN, 0), "nothing");
        fmt(name, sizeof name, "%s_changes_nothing", scenarios[i].name);
        check(name, why == NULL, "%s", why ? why : "");
    }
}

static uint64_t address_of(unsigned point)
{
    return (uint64_t)upcall_entry_watched + points[point].offset;
}

/* Where it can stop: behind the handler, which takes the entry away. */
static bool wanted(unsigned point, enum mode mode)
{
    return mode != MODE_STOP || (address_of(point) >= (uint64_t)restart_low &&
        address_of(point) < (uint64_t)restart_high);
}

/* Every scenario with every point; every point that is wanted must be reached in one. */
static void sweep(const char *name, enum mode mode)
{
    static bool reached[POINTS];
    unsigned rounds = 0, hits = 0, count = 0, want = 0;
    const char *why = NULL, *missed = NULL;

    memset(reached, 0, sizeof reached);
    stops = repairs = 0;
    for (unsigned i = 0; i < SCENARIOS && why == NULL; i++)
        for (unsigned p = 0; p < POINTS && why == NULL; p++, rounds++) {
            bool came = run_round(&scenarios[i], mode, address_of(p));
            bool hit = mode == MODE_STOP ? stopped : SUBJECT->hits > 0;

            why = compare(&scenarios[i], mode, came, points[p].text);
            hits += hit;
            reached[p] |= hit;
        }
    for (unsigned p = 0; p < POINTS; p++) {
        want += wanted(p, mode);
        count += wanted(p, mode) && reached[p];
        if (wanted(p, mode) && !reached[p] && missed == NULL)
            missed = points[p].text;
    }
    if (why != NULL)
        check(name, false, "%s", why);
    else
        check(name, missed == NULL, "%u of %u instructions, %u rounds, %u times%s%s", count, want,
            rounds, hits, missed ? "; first missed: " : "", missed ? missed : "");
}

/* Each kind, to a thread whose page its keeper has to mend first. */
static void broken_pages(void)
{
    const char *why = NULL;
    unsigned rounds = 0;

    repairs = 0;
    for (unsigned n = 0; n < 20 * SCENARIOS && why == NULL; n++) {
        const struct scenario *s = &scenarios[n % SCENARIOS];

        if (s->kind == PHX_UPCALL_PENDING) /* waits in the page until it can be told */
            continue;
        rounds++;
        why = compare(s, MODE_BROKEN, run_round(s, MODE_BROKEN, 0), "a page of nonsense");
    }
    check("a_keeper_mends_the_page_and_it_goes_on", why == NULL && repairs == rounds,
        "%s %u of %u rounds", why ? why : "", repairs, rounds);
}

/* --- from another core, at any moment ------------------------------------------------------- */

#define STORM_ROUNDS 400

static uint32_t storming; /* atomic */
static uint64_t thrown;

static void throw_news(void *argument)
{
    (void)argument;
    while (__atomic_load_n(&storming, __ATOMIC_RELAXED)) {
        thread_interrupt(thread, NEWS);
        thrown++;
        thread_control_yield(RT_THREAD);
    }
}

static void storm(void)
{
    const char *why = NULL;
    unsigned heard = 0;
    uint64_t helper;

    __atomic_store_n(&storming, 1, __ATOMIC_RELAXED);
    must("thread", rt_thread(throw_news, NULL, &helper));
    for (unsigned n = 0; n < STORM_ROUNDS && why == NULL; n++) {
        const struct scenario *s = &scenarios[n % SCENARIOS];
        bool came;

        if (s->kind == PHX_UPCALL_PENDING) /* any news would be its event */
            continue;
        came = run_round(s, MODE_PLAIN, 0);
        heard += (SUBJECT->news & NEWS) != 0;
        SUBJECT->news &= ~(uint64_t)NEWS;
        why = compare(s, MODE_PLAIN, came, "any moment");
    }
    __atomic_store_n(&storming, 0, __ATOMIC_RELAXED);
    check("news_at_any_moment_changes_nothing", why == NULL, "%s %u rounds, news thrown %lu times, "
        "heard in %u rounds", why ? why : "", STORM_ROUNDS, thrown, heard);
}

int main(void)
{
    begin();
    if (wait_told() != BIT_DONE) {
        rt_print("FAIL upcall.the_subject_starts\n");
        power_shutdown(rt_cap("power"), STATUS_BAD);
    }
    kinds();
    sweep("a_fault_at_every_instruction_changes_nothing", MODE_FAULT);
    sweep("news_at_every_instruction_changes_nothing", MODE_NEWS);
    sweep("news_where_it_stopped_changes_nothing", MODE_STOP);
    check("its_keeper_mends_it_where_it_stops", stops > 0 && repairs > 0,
        "%u times at the point, %u times elsewhere", stops, repairs);
    broken_pages();
    storm();
    power_shutdown(rt_cap("power"), failures == 0 ? STATUS_GOOD : STATUS_BAD);
    return 0;
}

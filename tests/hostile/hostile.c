/* SPDX-License-Identifier: MIT */
#include "hostile.h"

#include "fmt/fmt.h"
#include "rt/layout.h"

#define PAGES_BASE 0x100000000000
#define PATIENCE_NS UINT64_C(10000000000)

/* trap.S, and what it calls. */
bool attempt_call(void (*f)(uint64_t), uint64_t argument);
void attempt_entry(void);
void attempt_caught(const struct phx_frame *frame, uint64_t kind, struct phx_thread_page *page);

_Noreturn void wrong(const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vfmt(text, sizeof text, format, arguments);
    va_end(arguments);
    rt_print("WRONG: %s\n", text);
    rt_exit(1);
}

const char *text_of(int64_t result)
{
    return result < 0 ? rt_error_text(result) : "success";
}

/* --- what is drawn --------------------------------------------------------------- */

static uint64_t state;

uint64_t draw(uint64_t below)
{
    if (state == 0) {
        if (rt_argc < 2 || !rt_number(rt_argv[1], &state))
            state = 1;
        state = state * UINT64_C(0x9e3779b97f4a7c15) | 1;
    }
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % below;
}

uint64_t strange_word(void)
{
    static const uint64_t edges[] = {0, 1, 2, 7, 8, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff,
        0x100000000, USER_END - 4096, USER_END - 1, USER_END, 0x7fffffffffff, 0x800000000000,
        0xffff7fffffffffff, 0xffff800000000000, 0xffffffff80000000, INT64_MAX, UINT64_C(1) << 63,
        UINT64_MAX - 4095, UINT64_MAX - 1, UINT64_MAX};

    switch (draw(4)) {
    case 0:
        return draw(UINT64_MAX) << 32 ^ draw(UINT64_MAX);
    case 1:
        return draw(16);
    case 2:
        return edges[draw(COUNT(edges))] + draw(5) - 2;
    default:
        return edges[draw(COUNT(edges))];
    }
}

/* --- memory ------------------------------------------------------------------------- */

const uint64_t nowhere[] = {
    USER_END,           /* the page that is never mapped */
    0x00007fffffffffff, /* the last of the lower half */
    0x0000800000000000, /* not canonical, from here */
    0x1234567890abcdef,
    0x8000000000000000,
    0xfffeffffffffffff,
    0xffff7fffffffffff, /* to here */
    0xffff800000000000, /* the kernel's: physical memory */
    0xffff800000100000,
    0xffffffff80000000, /* its image */
    0xffffffff80100000,
    0xffffffffc0005ff8, /* its stacks */
    0xffffffffffe00000, /* device registers */
    0xfffffffffffff000,
    0xffffffffffffff00, /* and where an address wraps */
    0xffffffffffffffff,
};
const unsigned nowhere_count = COUNT(nowhere);

uint8_t *pages(uint64_t count)
{
    static uint64_t next = PAGES_BASE;
    uint64_t address = __atomic_fetch_add(&next, (count + 1) * PHX_PAGE_SIZE, __ATOMIC_RELAXED);
    int64_t result = rt_populate(RT_SPACE, RT_POOL, address, count, READ_WRITE);

    MUST(result >= 0, "no memory: %s", text_of(result));
    return (uint8_t *)address;
}

struct lent lend(uint64_t count)
{
    struct frame_pool_alloc_out frame = {0};
    struct capability_derive_out child = {0};
    int64_t result = frame_pool_alloc(RT_POOL, count, &frame);

    if (result >= 0)
        result = capability_derive(frame.frame, FRAME_M_ALL, 0, &child);
    MUST(result >= 0, "no frame: %s", text_of(result));
    return (struct lent){frame.frame, child.capability};
}

/* --- faults of the first thread --------------------------------------------------------- */

static struct trap caught;

void attempt_caught(const struct phx_frame *frame, uint64_t kind, struct phx_thread_page *page)
{
    caught = (struct trap){
        .kind = kind,
        .vector = frame->vector,
        .error = frame->error,
        .address = frame->address,
        .rip = frame->registers.rip,
        .rflags = frame->registers.rflags,
        .rsp = frame->registers.rsp,
    };
    page->depth = 0;
}

struct trap attempt(void (*f)(uint64_t), uint64_t argument)
{
    struct phx_thread_page *page = (struct phx_thread_page *)PHX_NATIVE_THREAD_PAGE;

    page->entry = (uint64_t)attempt_entry;
    page->disabled = 1;
    caught = (struct trap){0};
    attempt_call(f, argument);
    return caught;
}

static void run_bytes(uint64_t address)
{
    ((void (*)(void))address)();
}

struct trap attempt_bytes(const void *bytes, size_t length)
{
    static uint8_t *code;
    int64_t result;

    if (code == NULL)
        code = pages(1);
    result = address_space_protect(RT_SPACE, (uint64_t)code, 1, READ_WRITE);
    MUST(result >= 0, "code is not writable again: %s", text_of(result));
    memset(code, 0xcc, PHX_PAGE_SIZE);
    memcpy(code, bytes, length);
    code[length] = 0xc3; /* ret */
    result = address_space_protect(RT_SPACE, (uint64_t)code, 1, PHX_PROT_READ | PHX_PROT_EXECUTE);
    MUST(result >= 0, "code is not executable: %s", text_of(result));
    return attempt(run_bytes, (uint64_t)code);
}

/* --- other threads, other processes --------------------------------------------------------- */

uint64_t thread(void (*function)(void *), void *argument)
{
    uint64_t id = 0;
    int64_t result = rt_thread(function, argument, &id);

    MUST(result >= 0, "no thread: %s", text_of(result));
    return id;
}

uint64_t now(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

bool joined(uint64_t id)
{
    struct thread_join_out out = {0};
    uint64_t deadline = rt_cap("clock") != 0 ? now() + PATIENCE_NS : PHX_FOREVER;

    return thread_join(id, deadline, &out) >= 0;
}

uint64_t budget(uint64_t page_count, uint64_t holds, uint64_t threads)
{
    struct account_create_out out = {0};
    int64_t result = account_create(rt_cap("account"), page_count, holds, threads, 0, &out);

    MUST(result >= 0, "no account: %s", text_of(result));
    return out.account;
}

uint64_t used(uint64_t account, unsigned resource)
{
    struct account_balance_out out = {0};

    account_balance(account, resource, &out);
    return out.used;
}

static int64_t child_memory(uint64_t pool, uint64_t space, const void *code, size_t length)
{
    struct frame_pool_alloc_out frame = {0};
    struct address_space_populate_out stack = {0};
    int64_t result = frame_pool_alloc(pool, 1, &frame);
    uint8_t *window = NULL;

    if (result >= 0) {
        window = rt_window(frame.frame, 1, READ_WRITE);
        result = window == NULL ? -PHX_OUT_OF_MEMORY : 0;
    }
    if (window != NULL) {
        memcpy(window, code, length);
        rt_window_close(window, 1);
        result = address_space_map(
            space, frame.frame, CHILD_CODE, 0, 1, PHX_PROT_READ | PHX_PROT_EXECUTE);
    }
    phx_release(frame.frame);
    if (result >= 0)
        result = address_space_populate(
            space, pool, CHILD_STACK_TOP - PHX_PAGE_SIZE, 1, READ_WRITE, &stack);
    return result;
}

int64_t child_start(uint64_t account, const void *code, size_t length, struct child *child)
{
    struct account_new_process_out process = {0};
    struct account_new_pool_out pool = {0};
    struct process_new_thread_out thread = {0};
    int64_t result = account_new_process(account, 0, USER_END, &process);

    *child = (struct child){process.process, process.space, 0};
    if (result >= 0)
        result = account_new_pool(account, &pool);
    if (result >= 0)
        result = child_memory(pool.pool, process.space, code, length);
    phx_release(pool.pool);
    if (result >= 0)
        result = process_new_thread(process.process, CHILD_CODE, CHILD_STACK_TOP, 0, 0, 0, &thread);
    child->thread = thread.thread;
    return result < 0 ? result : thread_start(thread.thread);
}

/* --- operations ------------------------------------------------------------------------- */

int64_t operation(uint64_t op, uint64_t cap, const uint64_t words[PHX_WORDS])
{
    uint64_t copy[PHX_WORDS];

    memcpy(copy, words, sizeof copy);
    return phx_syscall(op, &cap, copy);
}

int64_t call(uint64_t cap, unsigned method, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t words[PHX_WORDS] = {a, b, c};

    return phx_invoke(cap, method, words, 3);
}

/* --- rings ------------------------------------------------------------------------------- */

struct view ring_open(uint32_t submissions, uint32_t completions)
{
    uint64_t bytes = sizeof(struct phx_ring) + submissions * sizeof(struct phx_entry) +
                     completions * sizeof(struct phx_completion);
    uint64_t count = (bytes + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;
    struct lent memory = lend(count);
    struct thread_control_new_ring_out ring = {0};
    void *window = rt_window(memory.frame, count, READ_WRITE);
    int64_t result =
        thread_control_new_ring(RT_THREAD, memory.child, submissions, completions, 0, &ring);

    MUST(window != NULL && result >= 0, "no ring: %s", text_of(result));
    struct view v = {ring.ring, memory.frame, window, window, window, submissions, completions};

    v.entries = (struct phx_entry *)(void *)((uint8_t *)window + sizeof(struct phx_ring));
    v.completions = (struct phx_completion *)(void *)(v.entries + submissions);
    return v;
}

int64_t ring_enter_now(const struct view *v, uint64_t submit, uint64_t complete)
{
    struct ring_enter_out out = {0};
    int64_t result = ring_enter(v->ring, submit, complete, 0, &out);

    return result < 0 ? result : (int64_t)out.submitted;
}

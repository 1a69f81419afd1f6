/* SPDX-License-Identifier: MIT */
/*
 * Children that do nothing but random system calls, with every register random and ids
 * near those that they hold: their own process, thread, space and pool, an account, an
 * endpoint, a client of it, a notification, a clock. Two threads each, until they have
 * ended themselves or are ended. Afterwards their account has everything again. Its
 * second argument says how many live.
 *
 * With  account,clock
 * Soak  300
 * Gets  ...process #: exception at # (rip #) and no way to tell it
 *       ...process #: page fault at # (rip #) and no way to tell it
 *       # lives of # calls, # ended by themselves; 0 pages, 0 rows, 0 threads left
 */
#include "hostile.h"

#define LIVES 40
#define LIFE_NS 4000000
#define WAKES 8

extern const uint8_t life_code[], life_end[];

/*
 * rdi is the seed. r13 is the state of a generator, which the loop draws every register
 * from: an id of a low row, of its first generation; words of all sizes; an operation
 * word that is anything, of a kind that there is, or a call. rsp counts them.
 */
__asm__(".pushsection .rodata\n"
        ".macro DRAW to\n"
        "    mov %r13, %rcx\n    shl $13, %rcx\n    xor %rcx, %r13\n"
        "    mov %r13, %rcx\n    shr $7, %rcx\n    xor %rcx, %r13\n"
        "    mov %r13, %rcx\n    shl $17, %rcx\n    xor %rcx, %r13\n"
        "    mov %r13, \\to\n"
        ".endm\n"
        /* A word: shifted by some of its own bits, so that small ones are likely. */
        ".macro WORD to\n"
        "    DRAW \\to\n    mov %r13, %rcx\n    shr $40, %rcx\n    shr %cl, \\to\n"
        ".endm\n"
        ".globl life_code, life_end\n"
        "life_code:\n"
        "    mov %rdi, %rbp\n"
        "    xor %esp, %esp\n"
        "1:  mov %rbp, %r13\n"
        "    WORD %rsi\n    WORD %rdx\n    WORD %r10\n    WORD %r8\n    WORD %r9\n"
        "    WORD %rbx\n    WORD %r12\n    WORD %r14\n    WORD %r15\n"
        "    DRAW %rdi\n"
        "    and $31, %edi\n"
        "    bts $32, %rdi\n"
        "    DRAW %rax\n"
        "    mov %eax, %ecx\n"
        "    shr $28, %ecx\n"
        "    cmp $2, %ecx\n"
        "    jb 2f\n"
        "    and $0x0a3f0f03, %eax\n"
        "    cmp $6, %ecx\n"
        "    jb 2f\n"
        "    and $0x0a3f0302, %eax\n"
        "2:  mov %r13, %rbp\n"
        "    lea 1(%rsp), %rsp\n"
        "    syscall\n"
        "    jmp 1b\n"
        "life_end:\n"
        ".popsection\n");

static uint64_t notification, second, calls, ended;

static void give(uint64_t cap, const struct child *child, uint64_t methods, uint64_t slot)
{
    struct capability_grant_out out = {0};
    struct capability_identify_out what = {0};

    capability_identify(cap, &what);
    capability_grant(cap, child->process, methods & what.methods, slot, &out);
}

/* What a program has, and more. */
static void give_all(uint64_t account, const struct child *child)
{
    struct account_new_endpoint_out endpoint = {0};
    struct account_new_pool_out pool = {0};
    struct endpoint_mint_out client = {0};
    struct account_new_notification_out own = {0};

    account_new_endpoint(account, &endpoint);
    account_new_pool(account, &pool);
    account_new_notification(account, &own);
    endpoint_mint(endpoint.endpoint, 64, ~UINT64_C(0), 1, 0, &client);
    give(child->process, child, ~UINT64_C(0), SLOT_PROCESS);
    give(RT_THREAD, child, ~UINT64_C(0), SLOT_THREAD);
    give(child->space, child, ~UINT64_C(0), SLOT_SPACE);
    give(pool.pool, child, ~UINT64_C(0), SLOT_POOL);
    give(account, child, ~ACCOUNT_M_DESTROY, SLOT_ACCOUNT);
    give(rt_cap("clock"), child, ~UINT64_C(0), SLOT_CLOCK);
    give(endpoint.endpoint, child, ~UINT64_C(0), 0);
    give(client.capability, child, ~UINT64_C(0), 0);
    give(own.notification, child, ~UINT64_C(0), 0);
    phx_release(endpoint.endpoint);
    phx_release(pool.pool);
    phx_release(client.capability);
    phx_release(own.notification);
}

/* It has its code, and starts when it has everything else. */
static int64_t born(uint64_t account, struct child *child)
{
    struct phx_registers r = {.rip = CHILD_CODE, .rflags = 0x202};
    struct process_new_thread_out more = {0};
    int64_t result = child_start(account, life_code, (size_t)(life_end - life_code), child);

    if (result < 0)
        return result;
    thread_stop(child->thread);
    give_all(account, child);
    r.rdi = draw(UINT64_MAX) | 1;
    while (thread_registers(child->thread, (uint64_t)&r, 1) == -PHX_INVALID_STATE)
        thread_control_yield(RT_THREAD);
    process_new_thread(child->process, CHILD_CODE, 0, draw(UINT64_MAX) | 1, 0, 0, &more);
    process_watch(child->process, notification, 1);
    second = more.thread;
    thread_start(second);
    return thread_start(child->thread);
}

/* How many system calls its first thread made: it counts in rsp. */
static uint64_t calls_of(uint64_t id)
{
    struct phx_registers r = {.rsp = 0};
    uint64_t end = now() + 50000000;

    thread_stop(id);
    while (thread_registers(id, (uint64_t)&r, 0) < 0 && now() < end)
        thread_control_yield(RT_THREAD);
    return r.rsp < 1u << 24 ? r.rsp : 0;
}

/* Again and again out of whatever it waits for; true: it has ended by itself. */
static bool lives_on(const struct child *child)
{
    for (unsigned i = 0; i < WAKES; i++) {
        if (notification_wait(notification, 1, now() + LIFE_NS / WAKES, NULL) >= 0)
            return true;
        thread_stop(child->thread);
        thread_start(child->thread);
        thread_stop(second);
        thread_start(second);
    }
    return false;
}

static void live(uint64_t account)
{
    struct child child;
    int64_t result = born(account, &child);

    MUST(result >= 0, "no child: %s", text_of(result));
    if (lives_on(&child)) {
        ended++;
    } else {
        calls += calls_of(child.thread);
        process_exit(child.process, 9);
        MUST(notification_wait(notification, 1, PHX_FOREVER, NULL) >= 0, "it does not die");
    }
    phx_release(child.process);
    phx_release(child.space);
    phx_release(child.thread);
    phx_release(second);
}

int main(void)
{
    struct account_new_notification_out made = {0};
    uint64_t all = budget(1500, 2000, 100), lives = LIVES;

    if (rt_argc > 2)
        rt_number(rt_argv[2], &lives);
    account_new_notification(rt_cap("account"), &made);
    notification = made.notification;
    for (uint64_t i = 0; i < lives; i++) {
        struct account_create_out own = {0};

        MUST(account_create(all, 400, 500, 20, 0, &own) >= 0, "life %lu: no account", i);
        live(own.account);
        account_destroy(own.account);
        phx_release(own.account);
        for (uint64_t end = now() + UINT64_C(20000000000);
             used(all, RESOURCE_PAGES) > 0 && now() < end;)
            thread_control_yield(RT_THREAD);
    }
    MUST(calls > 1000, "%lu calls in all", calls);
    rt_print("%lu lives of %lu calls, %lu ended by themselves; ", lives, calls, ended);
    rt_print("%lu pages, %lu rows, %lu threads left\n", used(all, RESOURCE_PAGES),
        used(all, RESOURCE_HOLDS), used(all, RESOURCE_THREADS));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Steps a thread of its own through code that enters the kernel in every way, one
 * instruction at a time: the trap flag is set in its registers again and again, through
 * its keeper.
 *
 * With  account,clock
 * Gets  ...process #: exception at # (rip #) and no way to tell it
 *       ...process #: page fault at # (rip #) and no way to tell it
 *       ...process #: foreign system call at # (rip #) and no way to tell it
 *       # steps, past the last instruction
 */
#include "hostile.h"

#define STEPS_MAX 150
#define TF 0x100

void steps_begin(void);
void steps_end(void);
__asm__("steps_begin:\n"
        "    mov $0x102, %eax\n    syscall\n"                                        /* NOP */
        "    mov $0x02000202, %eax\n    mov $0, %edi\n    syscall\n"                 /* refused */
        "    mov $0x10202, %eax\n    mov $2, %edi\n    bts $32, %rdi\n    syscall\n" /* yield */
        "    pushfq\n    pop %rbx\n"
        "    mov %ss, %eax\n    mov %eax, %ss\n    nop\n"
        "    mov %ss, %eax\n    mov %eax, %ss\n    mov $0x102, %eax\n    syscall\n"
        "    int3\n    nop\n"
        "    int $0x80\n    nop\n"
        "    mov $3, %ecx\n1:  loop 1b\n"
        "    mov %rsp, %rdi\n    sub $64, %rdi\n    mov $8, %ecx\n    cld\n    rep stosb\n"
        "    std\n    cld\n"
        "    rdtsc\n    cpuid\n"
        "    nop\n"
        "steps_end:\n"
        "    ud2\n");

static uint64_t notification;

/* To the next stop; false: it does not stop. */
static bool step(uint64_t id, struct phx_registers *r)
{
    r->rflags |= TF;
    MUST(thread_registers(id, (uint64_t)r, 1) >= 0, "registers");
    MUST(thread_start(id) >= 0, "start");
    if (notification_wait(notification, 1, now() + UINT64_C(10000000000), NULL) < 0)
        return false;
    while (thread_registers(id, (uint64_t)r, 0) == -PHX_INVALID_STATE)
        thread_control_yield(RT_THREAD);
    return true;
}

int main(void)
{
    struct account_new_notification_out made = {0};
    struct process_new_thread_out out = {0};
    struct phx_registers r = {.rip = (uint64_t)steps_begin, .rflags = 0x202};
    unsigned steps = 0;

    account_new_notification(rt_cap("account"), &made);
    notification = made.notification;
    process_keeper(RT_PROCESS, notification, 1);
    r.rsp = (uint64_t)pages(1) + PHX_PAGE_SIZE;
    process_new_thread(RT_PROCESS, r.rip, r.rsp, 0, 0, 0, &out);
    while (r.rip != (uint64_t)steps_end && steps < STEPS_MAX) {
        uint64_t before = r.rip;

        MUST(step(out.thread, &r), "step %u from 0x%lx does not end", steps, before);
        MUST(r.rip >= (uint64_t)steps_begin && r.rip <= (uint64_t)steps_end, "step %u to 0x%lx",
            steps, r.rip);
        if (r.rip == before && *(const uint8_t *)before == 0xcd)
            r.rip += 2; /* int n, seen from before it */
        steps++;
    }
    rt_print("%u steps, %s the last instruction\n", steps,
        r.rip == (uint64_t)steps_end ? "past" : "not to");
    return 0;
}

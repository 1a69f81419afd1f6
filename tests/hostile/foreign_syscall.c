/* SPDX-License-Identifier: MIT */
/*
 * A child whose libos range is one page makes its system call from another: it is
 * foreign, and nobody is there to take it. Then ranges that are none.
 *
 * With  account
 * Gets  process #: foreign system call at 0x0 (rip #) and no way to tell it
 *       a child ended with signal 31
 *       6 ranges refused
 */
#include "hostile.h"

/* mov $NOP, %eax; syscall; jmp there again */
static const uint8_t code[] = {0xb8, 0x02, 0x01, 0x00, 0x00, 0x0f, 0x05, 0xeb, 0xf7};

static void child(uint64_t account)
{
    struct account_new_process_out process = {0};
    struct account_new_pool_out pool = {0};
    struct process_new_thread_out thread = {0};
    struct process_status_out status = {0};
    struct frame_pool_alloc_out frame = {0};
    uint8_t *window;

    MUST(account_new_process(account, 0x600000, 0x601000, &process) >= 0, "no process");
    account_new_pool(account, &pool);
    frame_pool_alloc(pool.pool, 1, &frame);
    window = rt_window(frame.frame, 1, READ_WRITE);
    memcpy(window, code, sizeof code);
    MUST(address_space_map(
             process.space, frame.frame, CHILD_CODE, 0, 1, PHX_PROT_READ | PHX_PROT_EXECUTE) >= 0,
        "no code");
    process_new_thread(process.process, CHILD_CODE, 0, 0, 0, 0, &thread);
    thread_start(thread.thread);
    MUST(joined(thread.thread), "it lives");
    do
        process_status(process.process, &status);
    while (status.state != 3);
    rt_print("a child ended with signal %lu\n", status.status & 0x7f);
}

int main(void)
{
    static const uint64_t ranges[][2] = {
        {0, 0}, {4096, 4096}, {8192, 4096}, {0, USER_END + 1}, {UINT64_MAX, 0}, {0, UINT64_MAX}};
    uint64_t account = budget(200, 50, 4);
    struct account_new_process_out out = {0};

    child(account);
    for (unsigned i = 0; i < COUNT(ranges); i++)
        MUST(
            account_new_process(account, ranges[i][0], ranges[i][1], &out) == -PHX_INVALID_ARGUMENT,
            "range %u is taken", i);
    account_destroy(account);
    rt_print("%u ranges refused\n", (unsigned)COUNT(ranges));
    return 0;
}

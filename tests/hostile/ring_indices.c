/* SPDX-License-Identifier: MIT */
/*
 * A ring whose every shared word another thread overwrites with anything, while it is
 * entered: the kernel takes no more than there is, completes no more than it took, and
 * the next ring in the same frame works.
 *
 * Gets  entered 3000 times, never more than 16 in flight; the next ring works
 */
#include "hostile.h"

#define SIZE 16
#define TIMES 3000

static struct view v;
static bool over;

static void forge(void *argument)
{
    uint32_t *words = argument;

    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        uint32_t value = (uint32_t)strange_word();

        __atomic_store_n(&words[draw(sizeof(struct phx_ring) / 4)], value, __ATOMIC_RELAXED);
        /* Also what might be believed: a little before or after where it is. */
        value = __atomic_load_n(&v.shared->submit_head, __ATOMIC_RELAXED);
        __atomic_store_n(
            &v.shared->submit_tail, value + (uint32_t)draw(2 * SIZE) - 4, __ATOMIC_RELAXED);
        value = __atomic_load_n(&v.shared->complete_tail, __ATOMIC_RELAXED);
        __atomic_store_n(
            &v.shared->complete_head, value - (uint32_t)draw(2 * SIZE) + 4, __ATOMIC_RELAXED);
        if (draw(16) == 0)
            thread_control_yield(RT_THREAD);
    }
}

/* A tail that cannot be: nothing is taken. */
static void wild_tails(void)
{
    static const uint32_t wild[] = {
        SIZE + 1, SIZE + 2, 2 * SIZE, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0xfffffff0};

    for (unsigned i = 0; i < COUNT(wild); i++) {
        __atomic_store_n(&v.shared->submit_tail, v.shared->submit_head + wild[i], __ATOMIC_RELEASE);
        MUST(ring_enter_now(&v, UINT64_MAX, 0) == 0, "entries are taken, %u ahead", wild[i]);
    }
}

int main(void)
{
    uint64_t second, frame, most = 0;
    struct thread_control_new_ring_out out = {0};

    v = ring_open(SIZE, SIZE);
    frame = v.frame;
    for (unsigned i = 0; i < SIZE; i++)
        v.entries[i].op = i % 2 ? PHX_OP_NOP : PHX_OP_CALL(THREAD_CONTROL_YIELD, 0);
    wild_tails();
    second = thread(forge, v.shared);
    for (unsigned i = 0; i < TIMES; i++) {
        struct ring_info_out info = {0};
        int64_t taken = ring_enter_now(&v, strange_word(), i % 32);

        MUST(taken >= 0, "enter: %s", text_of(taken));
        MUST(ring_info(v.ring, &info) >= 0 && info.in_flight <= SIZE, "%lu in flight",
            info.in_flight);
        most = info.in_flight > most ? info.in_flight : most;
        if (i % 8 == 0)
            thread_control_yield(RT_THREAD);
    }
    over = true;
    MUST(joined(second), "the other thread is lost");
    MUST(ring_destroy(v.ring) >= 0, "destroy");
    MUST(thread_control_new_ring(RT_THREAD, frame, SIZE, SIZE, 0, &out) >= 0, "the next ring");
    v.ring = out.ring;
    v.entries[0] = (struct phx_entry){.op = PHX_OP_NOP, .user = 77};
    __atomic_store_n(&v.shared->submit_tail, 1, __ATOMIC_RELEASE);
    MUST(ring_enter_now(&v, 1, 1) == 1 && v.completions[0].user == 77, "the next ring is broken");
    rt_print("entered %u times, never more than %u in flight; the next ring works\n", TIMES, SIZE);
    return most <= SIZE ? 0 : 1;
}

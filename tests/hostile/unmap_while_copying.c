/* SPDX-License-Identifier: MIT */
/*
 * Another thread unmaps, maps, protects and revokes the memory under every buffer that
 * the kernel is copying from or to. What is copied is right, or there is an error, and
 * what was taken back is not written any more.
 *
 * With  account,clock,entropy,log
 * Gets  ...process # unmapped a message that it waited for
 *       # operations, # faulted; 120 pages taken back
 */
#include "hostile.h"

#define AT 0x600000000000
#define PAGES 3
#define TIMES 120
#define PATTERN 0x7a6b5c4d3e2f1a0b

static uint32_t taken_back;
static bool over;

/* A frame there, for a moment; then it is revoked, and must stay as it is. */
static void one(unsigned i)
{
    struct lent memory = lend(PAGES);
    uint64_t *window = rt_window(memory.frame, PAGES, READ_WRITE);
    int64_t result = address_space_map(RT_SPACE, memory.child, AT, 0, PAGES, READ_WRITE);

    MUST(window != NULL && result >= 0, "map: %s", text_of(result));
    thread_control_yield(RT_THREAD);
    address_space_protect(RT_SPACE, AT + (i % PAGES) * PHX_PAGE_SIZE, 1, i % 4);
    if (i % 3)
        thread_control_yield(RT_THREAD);
    if (i % 2)
        address_space_unmap(RT_SPACE, AT + (i % PAGES) * PHX_PAGE_SIZE, 1);
    MUST(capability_revoke(memory.frame, 0) >= 0, "revoke");
    for (unsigned k = 0; k < PAGES * PHX_PAGE_SIZE / 8; k++)
        window[k] = PATTERN;
    thread_control_yield(RT_THREAD);
    for (unsigned k = 0; k < PAGES * PHX_PAGE_SIZE / 8; k++)
        MUST(window[k] == PATTERN, "word %u of what was taken back: 0x%lx", k, window[k]);
    rt_window_close(window, PAGES);
    phx_release(memory.child);
    phx_release(memory.frame);
    taken_back++;
}

static void take_back(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < TIMES; i++)
        one(i);
    over = true;
}

int main(void)
{
    uint64_t second, operations = 0, faulted = 0;

    places_begin();
    second = thread(take_back, NULL);
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        const struct place *p = &places[draw(place_count)];
        int64_t result = 0;

        if (p->look == places[0].look || p->look == places[3].look)
            continue; /* they would fill console and log */
        result = p->look(AT + draw(PAGES * PHX_PAGE_SIZE / 8) * 8);
        /* Entries and messages say what was drawn there, and may get anything. */
        MUST(result >= 0 || result == -PHX_BAD_ADDRESS || result == -PHX_INVALID_ARGUMENT ||
                 p->aligned,
            "%s: %s", p->name, text_of(result));
        operations++;
        faulted += result < 0;
        if (operations % 8 == 0)
            thread_control_yield(RT_THREAD);
    }
    MUST(joined(second), "the other thread is lost");
    rt_print("%lu operations, %lu faulted; %u pages taken back\n", operations, faulted, taken_back);
    return 0;
}

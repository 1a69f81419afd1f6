/* SPDX-License-Identifier: MIT */
/*
 * Children of a worker: a process with one page of code, a script of system calls, a
 * stack and a thread page; its capabilities are some of the worker's.
 */
#include "fuzz.h"

#include "bytes.h"

#define ENTRY_WORDS 12
#define READ_WRITE (PHX_PROT_READ | PHX_PROT_WRITE)

uint64_t code_frame;

void page_fill(struct phx_thread_page *page, uint64_t code, uint64_t stack)
{
    page->entry = code + (uint64_t)(fuzz_upcall - fuzz_child);
    page->stack = stack;
    page->restart_low = code + (uint64_t)(fuzz_leave - fuzz_child);
    page->restart_high = code + (uint64_t)(fuzz_leave_end - fuzz_child);
    page->depth = page->disabled = 0;
}

/* A new table's rows are numbered from the first that is no well-known one. */
static uint64_t cap_of_child(struct chance *c)
{
    return PHX_SLOT_ID(chance_one_in(c, 2) ? 1 + chance_below(c, 15) : 16 + chance_below(c, 6));
}

void script_fill(struct chance *c, uint64_t *script, unsigned entries, bool is_child)
{
    for (unsigned i = 0; i < entries; i++, script += ENTRY_WORDS) {
        struct shot s;

        shot_method(c, &s);
        script[0] = chance_one_in(c, 8) ? PHX_OP_NOP : s.op;
        if ((s.op & 0xff) == PHX_KIND_TRANSPORT && chance_one_in(c, 8)) {
            script[0] = chance_one_in(c, 2) ? PHX_OP_RECV : PHX_OP_CALL(1UL, 10UL);
            s.cap = known_cap(c, IFACE_CLIENT);
        }
        script[1] = is_child ? cap_of_child(c) : s.cap;
        memcpy(script + 2, s.words, sizeof s.words);
    }
    script[0] = 0;
    script[1] = chance_one_in(c, 20) ? 4 : chance_below(c, 4);
}

/* Frames that the child and, for as long as they are filled, the worker has mapped. */
static uint64_t shared_frame(uint64_t space, uint64_t address, uint64_t pages, uint64_t window)
{
    struct frame_pool_alloc_out frame = {0};

    if (frame_pool_alloc(RT_POOL, pages, &frame) < 0)
        return 0;
    if (address_space_map(space, frame.frame, address, 0, pages, READ_WRITE) >= 0 &&
        address_space_map(RT_SPACE, frame.frame, window, 0, pages, READ_WRITE) >= 0)
        return frame.frame;
    phx_release(frame.frame);
    return 0;
}

static void give_some(struct chance *c, uint64_t process)
{
    for (uint64_t n = chance_below(c, 5); n > 0; n--) {
        struct capability_grant_out out = {0};
        uint64_t cap = known_cap(c, chance_one_in(c, 2) ? IFACE_CLIENT : NONE);
        struct capability_identify_out own = {0};

        capability_identify(cap, &own);
        capability_grant(cap, process, own.methods, chance_one_in(c, 3) ? chance_below(c, 16) : 0,
            &out);
    }
}

static void begin(struct chance *c, uint64_t process, uint64_t space, uint64_t page)
{
    struct process_new_thread_out thread = {0};

    script_fill(c, (uint64_t *)WINDOW, 1 + (unsigned)chance_below(c, 24), true);
    if (page != 0)
        page_fill((struct phx_thread_page *)(WINDOW + 0x10000), CODE, CHILD_DATA + 0x3000);
    give_some(c, process);
    if (process_new_thread(process, CODE, CHILD_DATA + 0x3f00, CHILD_DATA, page,
            page ? CHILD_PAGE : 0, &thread) < 0)
        return;
    if (chance_one_in(c, 3))
        process_keeper(process, known_cap(c, IFACE_NOTIFICATION), 1);
    if (chance_one_in(c, 3))
        process_watch(process, known_cap(c, IFACE_NOTIFICATION), 2);
    thread_start(thread.thread);
    known_add(c, thread.thread, IFACE_THREAD);
    known_add(c, space, IFACE_ADDRESS_SPACE);
    known_add(c, process, IFACE_PROCESS);
}

void child_new(struct chance *c)
{
    struct account_new_process_out new = {0};
    uint64_t low = chance_one_in(c, 2) ? 0 : CODE + 4096, data, page;

    if (account_new_process(known_cap(c, IFACE_ACCOUNT), low, PHX_USER_END, &new) < 0)
        return;
    address_space_map(new.space, code_frame, CODE, 0, 1, PHX_PROT_READ | PHX_PROT_EXECUTE);
    data = shared_frame(new.space, CHILD_DATA, 4, WINDOW);
    page = chance_one_in(c, 4) ? 0 : shared_frame(new.space, CHILD_PAGE, 1, WINDOW + 0x10000);
    if (data != 0)
        begin(c, new.process, new.space, page);
    address_space_unmap(RT_SPACE, WINDOW, 0x11);
    phx_release(data);
    phx_release(page);
    if (data == 0) {
        process_exit(new.process, 0);
        phx_release(new.process);
        phx_release(new.space);
    }
}

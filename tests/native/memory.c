/* SPDX-License-Identifier: MIT */
/* What the page tables allow a program, by dying of the rest. */
#include "native.h"

#include "bytes.h"
#include "rt/layout.h"

#define SIGNAL_SEGMENT 11
#define RETURN_INSTRUCTION 0xc3
#define LAST_PAGE ((uint64_t)PHX_USER_END)

static uint8_t code_in_data = RETURN_INSTRUCTION;

static void write_at(uint64_t address)
{
    *(volatile uint8_t *)address = RETURN_INSTRUCTION;
}

static void execute_at(uint64_t address)
{
    ((void (*)(void))address)();
}

static uint64_t text_address(void)
{
    return (uint64_t)execute_at;
}

static uint64_t data_address(void)
{
    return (uint64_t)&code_in_data;
}

/* Where each role does what it must not, other than on its own stack. */
static const struct mischief {
    const char *role, *test;
    void (*commit)(uint64_t address);
    uint64_t address;
    uint64_t (*find)(void);
} mischiefs[] = {
    {"write-start", "writing_the_start_block_faults", write_at, PHX_NATIVE_START_BLOCK, NULL},
    {"write-text", "writing_text_faults", write_at, 0, text_address},
    {"run-data", "executing_data_faults", execute_at, 0, data_address},
    {"run-start", "executing_the_start_block_faults", execute_at, PHX_NATIVE_START_BLOCK, NULL},
    {"run-stack", "executing_the_stack_faults", execute_at, PHX_NATIVE_STACK_TOP - 64, NULL},
    {"write-last", "writing_the_last_page_faults", write_at, LAST_PAGE, NULL},
    {"run-last", "executing_the_last_page_faults", execute_at, LAST_PAGE, NULL},
};
#define MISCHIEFS (sizeof mischiefs / sizeof mischiefs[0])

static uint64_t address_of(const struct mischief *m)
{
    return m->find != NULL ? m->find() : m->address;
}

int role_mischief(void)
{
    for (unsigned i = 0; i < MISCHIEFS; i++)
        if (rt_equal(rt_argv[1], mischiefs[i].role)) {
            /* Readable, all but the last page: it is what is done that is refused. */
            if (address_of(&mischiefs[i]) != LAST_PAGE)
                (void)*(volatile uint8_t *)address_of(&mischiefs[i]);
            mischiefs[i].commit(address_of(&mischiefs[i]));
        }
    return 0;
}

/* The last page below 2^47, from which a system call would return to no address. */
static void last_page(void)
{
    struct frame_pool_alloc_out frame = {0};
    struct address_space_populate_out populated = {0};
    struct address_space_query_out query = {0};
    int64_t mapped, filled;

    frame_pool_alloc(RT_POOL, 2, &frame);
    mapped = address_space_map(RT_SPACE, frame.frame, LAST_PAGE - PHX_PAGE_SIZE, 0, 2,
        PHX_PROT_READ | PHX_PROT_WRITE);
    filled = address_space_populate(
        RT_SPACE, RT_POOL, LAST_PAGE, 1, PHX_PROT_READ | PHX_PROT_WRITE, &populated);
    phx_release(frame.frame);
    check("last_page_is_never_mapped",
        mapped == -PHX_INVALID_ARGUMENT && filled == -PHX_INVALID_ARGUMENT &&
            address_space_query(RT_SPACE, LAST_PAGE, &query) < 0,
        "map %ld, populate %ld", mapped, filled);
}

void test_memory(void)
{
    last_page();
    for (unsigned i = 0; i < MISCHIEFS; i++) {
        uint64_t status = 0, address = 0, wanted = address_of(&mischiefs[i]);
        struct proc proc;

        if (spawn(mischiefs[i].role, 0, NULL, 0, &proc))
            status = wait_dead(&proc, &address);
        check(mischiefs[i].test, status == SIGNAL_SEGMENT && address == wanted,
            "status %lx at %lx, not %lx", status, address, wanted);
    }
}

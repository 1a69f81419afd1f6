/* SPDX-License-Identifier: MIT */
/*
 * What methods must not let pass: an argument one step beyond what is right, and a
 * right that the capability has not. The last one that is right is let pass beside it.
 */
#include "attempt.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAR 0x40000000u
#define PAGE 0x1000u
#define WRITE_EXECUTE (PHX_PROT_WRITE | PHX_PROT_EXECUTE)

static struct thread *t; /* alice's */

static void begin(void)
{
    world_begin();
    t = alice.thread;
}

static int64_t map(uint64_t frame, uint64_t address, uint64_t offset, uint64_t pages, uint64_t how)
{
    int64_t answer = CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, address, offset, pages, how);

    if (answer == 0)
        CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_UNMAP, address, pages), 0);
    return answer;
}

static int64_t populate(uint64_t address, uint64_t pages, uint64_t how)
{
    return CALL(t, SLOT(SPACE), ADDRESS_SPACE_POPULATE, SLOT(POOL), address, pages, how);
}

static int64_t protect(uint64_t address, uint64_t pages, uint64_t how)
{
    return CALL(t, SLOT(SPACE), ADDRESS_SPACE_PROTECT, address, pages, how);
}

/* What a hold may do. */
static uint64_t methods_of(uint64_t cap)
{
    CHECK_EQ(CALL(t, cap, CAPABILITY_IDENTIFY), 0);
    return WORD(t, 1);
}

/* One of alice's, without these methods. */
static uint64_t without(uint64_t cap, uint64_t methods)
{
    CHECK_EQ(CALL(t, cap, CAPABILITY_DERIVE, methods_of(cap) & ~methods), 0);
    return WORD(t, 0);
}

/* --- memory ---------------------------------------------------------------------- */

TEST(bounds, no_page_is_written_and_executed, "by whatever way it is asked for, without mapWx")
{
    begin();
    uint64_t frame = make_frame(&alice, 1);
    uint64_t space = without(SLOT(SPACE), ADDRESS_SPACE_M_MAP_WX);
    const uint64_t wrong[] = {WRITE_EXECUTE, 7, 8, UINT64_C(1) << 32 | 1, UINT64_MAX};
    struct address_space_map_in *e = at(&alice, MEMORY);
    CHECK_EQ(populate(FAR, 1, PHX_PROT_READ), 0);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint64_t how = wrong[i];
        CHECK_EQ(CALL(t, space, ADDRESS_SPACE_MAP, frame, FAR + PAGE, 0, 1, how),
            -PHX_INVALID_ARGUMENT);
        CHECK_EQ(CALL(t, space, ADDRESS_SPACE_POPULATE, SLOT(POOL), FAR + PAGE, 1, how),
            -PHX_INVALID_ARGUMENT);
        CHECK_EQ(CALL(t, space, ADDRESS_SPACE_PROTECT, FAR, 1, how), -PHX_INVALID_ARGUMENT);
        CHECK_EQ(CALL(t, space, ADDRESS_SPACE_COPY_REPLACE, SLOT(POOL), FAR, how),
            -PHX_INVALID_ARGUMENT);
        CHECK_EQ(
            CALL(t, space, ADDRESS_SPACE_REPLACE, frame, FAR, 0, how), -PHX_INVALID_ARGUMENT);
        *e = (struct address_space_map_in){frame, FAR + PAGE, 0, 1, how};
        CHECK_EQ(CALL(t, space, ADDRESS_SPACE_MAP_LIST, MEMORY, 1), -PHX_INVALID_ARGUMENT);
    }
    CHECK_EQ(map(frame, FAR + PAGE, 0, 1, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(protect(FAR, 1, PHX_PROT_EXECUTE), 0);
    CHECK_EQ(protect(FAR, 1, PHX_PROT_WRITE), 0);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, frame, FAR + PAGE, 0, 1, WRITE_EXECUTE), 0);
    CHECK(space_resolve(alice.process->space, FAR + PAGE, WRITE_EXECUTE) != 0);
    CHECK_EQ(map(frame, FAR + 2 * PAGE, 0, 1, 8), -PHX_INVALID_ARGUMENT);
    world_end();
}

TEST(bounds, mappings_end_below_the_kernel, "at the last page that programs have")
{
    const uint64_t end = PHX_USER_END;

    begin();
    uint64_t frame = make_frame(&alice, 3);
    CHECK_EQ(map(frame, end - PAGE, 0, 1, PHX_PROT_READ), 0);
    CHECK_EQ(map(frame, end - 3 * PAGE, 0, 3, PHX_PROT_READ), 0);
    CHECK_EQ(map(frame, end - PAGE, 0, 2, PHX_PROT_READ), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(map(frame, end, 0, 1, PHX_PROT_READ), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(map(frame, -(uint64_t)PAGE, 0, 1, PHX_PROT_READ), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(map(frame, FAR + 8, 0, 1, PHX_PROT_READ), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(populate(end - 2 * PAGE, 3, PHX_PROT_READ), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(protect(end - PAGE, 2, PHX_PROT_READ), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_UNMAP, end - PAGE, 2), -PHX_INVALID_ARGUMENT);
    world_end();
}

TEST(bounds, a_frame_ends_with_its_last_page, "also one that is part of another")
{
    begin();
    uint64_t frame = make_frame(&alice, 8);
    CHECK_EQ(CALL(t, frame, FRAME_CARVE, 2, 4), 0);
    uint64_t part = WORD(t, 0);
    CHECK_EQ(map(part, FAR, 3, 1, PHX_PROT_READ), 0);
    CHECK_EQ(map(part, FAR, 0, 5, PHX_PROT_READ), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(map(part, FAR, 4, 1, PHX_PROT_READ), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(map(part, FAR, 1, 4, PHX_PROT_READ), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(map(part, FAR, UINT64_MAX, 2, PHX_PROT_READ), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(map(part, FAR, 0, 0, PHX_PROT_READ), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, part, FRAME_CARVE, 3, 1), 0);
    CHECK_EQ(CALL(t, part, FRAME_CARVE, 0, 5), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, part, FRAME_CARVE, UINT64_MAX, 2), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, part, FRAME_CARVE, 0, 0), -PHX_INVALID_ARGUMENT);
    world_end();
}

TEST(bounds, a_mapping_has_what_its_capability_may, "then and later")
{
    begin();
    uint64_t frame = make_frame(&alice, 1), plain = without(frame, FRAME_M_MAP_WRITE);
    uint64_t data = without(frame, FRAME_M_MAP_EXECUTE), blind = without(frame, FRAME_M_MAP_READ);
    CHECK_EQ(map(plain, FAR, 0, 1, PHX_PROT_READ | PHX_PROT_EXECUTE), 0);
    CHECK_EQ(map(plain, FAR, 0, 1, PHX_PROT_WRITE), -PHX_PERMISSION_DENIED);
    CHECK_EQ(map(data, FAR, 0, 1, READ_WRITE), 0);
    CHECK_EQ(map(data, FAR, 0, 1, PHX_PROT_EXECUTE), -PHX_PERMISSION_DENIED);
    CHECK_EQ(map(blind, FAR, 0, 1, PHX_PROT_WRITE), -PHX_PERMISSION_DENIED);

    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_MAP, plain, FAR, 0, 1, PHX_PROT_READ), 0);
    CHECK_EQ(protect(FAR, 1, READ_WRITE), -PHX_PERMISSION_DENIED);
    CHECK_EQ(protect(FAR, 1, PHX_PROT_EXECUTE), 0);
    CHECK_EQ(CALL(t, plain, FRAME_CARVE, 0, 1), 0);
    CHECK_EQ(methods_of(WORD(t, 0)), methods_of(plain));
    world_end();
}

TEST(bounds, what_is_unmapped_comes_back, "of the middle of a run, too")
{
    begin();
    CHECK_EQ(populate(FAR, 64, READ_WRITE), 0);
    CHECK_EQ(WORD(t, 0), 64);
    uint64_t before = memory_taken();
    CHECK_EQ(CALL(t, SLOT(SPACE), ADDRESS_SPACE_UNMAP, FAR + 10 * PAGE, 40), 0);
    CHECK(memory_taken() <= before - 40 + 4); /* the records of two more runs */
    world_end();
}

/* --- notifications ----------------------------------------------------------------- */

static uint64_t poll(uint64_t n, uint64_t mask)
{
    CHECK_EQ(CALL(t, n, NOTIFICATION_POLL, mask), 0);
    return WORD(t, 0);
}

TEST(bounds, bits_are_taken_once, "and only those that were asked for")
{
    begin();
    uint64_t n = make_notification(&alice);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 7), 0);
    CHECK_EQ(poll(n, 1), 1);
    CHECK_EQ(CALL(t, n, NOTIFICATION_WAIT, 2, PHX_FOREVER), 0);
    CHECK_EQ(WORD(t, 0), 2);
    CHECK_EQ(poll(n, 7), 4);

    struct thread *other = another_thread(&alice);
    CHECK_EQ(CALL(other, n, NOTIFICATION_WAIT, 3, PHX_FOREVER), WAITS);
    CHECK_EQ(CALL(t, n, NOTIFICATION_SIGNAL, 6), 0);
    CHECK_EQ(answer_of(other), 0);
    CHECK_EQ(WORD(other, 0), 2);
    CHECK_EQ(poll(n, ~UINT64_C(0)), 4);
    world_end();
}

TEST(bounds, a_deadline_of_0_does_not_wait, "for anything that can be waited for")
{
    begin();
    uint64_t n = make_notification(&alice);
    struct thread *other = another_thread(&alice);
    CHECK_EQ(CALL(other, SLOT(THREAD), THREAD_CONTROL_SELF), 0);
    uint64_t thread = WORD(other, 0), frame = make_frame(&alice, 1);
    CHECK_EQ(CALL(t, n, NOTIFICATION_WAIT, 1, 0), -PHX_WOULD_BLOCK);
    CHECK_EQ(CALL(t, thread, THREAD_JOIN, 0), -PHX_WOULD_BLOCK);
    CHECK_EQ(CALL(t, SLOT(THREAD), THREAD_CONTROL_NEW_RING, frame, 4, 4), 0);
    CHECK_EQ(CALL(t, WORD(t, 0), RING_ENTER, 0, 1, 0), 0); /* says what it took: nothing */
    CHECK_EQ(CALL(t, n, NOTIFICATION_WAIT, 0, PHX_FOREVER), -PHX_INVALID_ARGUMENT);
    world_end();
}

TEST(bounds, who_is_told_may_be_signalled, "by whoever asks for it")
{
    begin();
    uint64_t n = without(make_notification(&alice), NOTIFICATION_M_SIGNAL);
    uint64_t endpoint = make_endpoint(&alice);
    (void)make_client(&alice, endpoint, 3, 0);
    CHECK_EQ(CALL(t, SLOT(PROCESS), PROCESS_WATCH, n, 1), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, SLOT(PROCESS), PROCESS_KEEPER, n, 1), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, endpoint, ENDPOINT_WATCH, 3, n, 1), -PHX_PERMISSION_DENIED);
    world_end();
}

/* --- endpoints, accounts, processes ------------------------------------------------- */

TEST(bounds, a_server_serves_no_interface_of_the_kernel, "whatever it mints")
{
    begin();
    uint64_t endpoint = make_endpoint(&alice);
    CHECK_EQ(CALL(t, endpoint, ENDPOINT_MINT, 64, 1, 1), 0);
    CHECK_EQ(CALL(t, endpoint, ENDPOINT_MINT, UINT16_MAX, 1, 1), 0);
    CHECK_EQ(CALL(t, endpoint, ENDPOINT_MINT, 63, 1, 1), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, endpoint, ENDPOINT_MINT, IFACE_POWER, 1, 1), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, endpoint, ENDPOINT_MINT, UINT16_MAX + 1, 1, 1), -PHX_INVALID_ARGUMENT);
    world_end();
}

TEST(bounds, a_closed_account_is_given_nothing, "and gives nothing")
{
    begin();
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_CREATE, 10, 10, 1, 5), 0);
    uint64_t closed = WORD(t, 0), spare = alice.account->used[RESOURCE_ENERGY];
    CHECK_EQ(CALL(t, closed, ACCOUNT_TRANSFER, SLOT(ACCOUNT), RESOURCE_COUNT, 1),
        -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, closed, ACCOUNT_DESTROY), 0);
    CHECK_EQ(alice.account->used[RESOURCE_ENERGY], spare - 5);
    CHECK(CALL(t, SLOT(ACCOUNT), ACCOUNT_TRANSFER, closed, RESOURCE_ENERGY, 1) < 0);
    CHECK(CALL(t, closed, ACCOUNT_TRANSFER, SLOT(ACCOUNT), RESOURCE_ENERGY, 1) < 0);
    CHECK_EQ(alice.account->used[RESOURCE_ENERGY], spare - 5);
    world_end();
}

TEST(bounds, the_machine_s_account_stays, "whoever holds all its methods")
{
    begin();
    CHECK_EQ(CALL(boss.thread, SLOT(ACCOUNT), ACCOUNT_DESTROY), -PHX_PERMISSION_DENIED);
    world_end();
}

TEST(bounds, a_libos_lies_in_its_program, "and is not empty")
{
    begin();
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_PROCESS, PAGE, PHX_USER_END), 0);
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_PROCESS, PAGE, PHX_USER_END + 1),
        -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_PROCESS, PAGE, UINT64_MAX), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_PROCESS, PAGE, PAGE), -PHX_INVALID_ARGUMENT);
    world_end();
}

TEST(bounds, a_status_has_16_bits, "whatever a process ends with")
{
    begin();
    CHECK_EQ(CALL(boss.thread, alice.process_id, PROCESS_EXIT, UINT64_C(0x123450a00)), 0);
    settle();
    CHECK_EQ(CALL(boss.thread, alice.process_id, PROCESS_STATUS), 0);
    CHECK_EQ(WORD(boss.thread, 0), PROCESS_DEAD);
    CHECK_EQ(WORD(boss.thread, 1), 0x0a00);
    world_end();
}

/* --- what exists once ---------------------------------------------------------------- */

TEST(bounds, the_boot_module_ends_with_its_last_page, "which may be a part of one")
{
    begin();
    const uint64_t all = (kernel.boot->module_size + PAGE - 1) / PAGE;
    CHECK_EQ(CALL(t, SLOT(BOOT_PACKAGE), BOOT_PACKAGE_FRAME, 0, all), 0);
    CHECK_EQ(methods_of(WORD(t, 0)), FRAME_M_ALL & ~FRAME_M_MAP_WRITE);
    CHECK_EQ(CALL(t, SLOT(BOOT_PACKAGE), BOOT_PACKAGE_FRAME, all - 1, 1), 0);
    CHECK_EQ(CALL(t, SLOT(BOOT_PACKAGE), BOOT_PACKAGE_FRAME, 0, all + 1), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(BOOT_PACKAGE), BOOT_PACKAGE_FRAME, all, 1), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(BOOT_PACKAGE), BOOT_PACKAGE_FRAME, 1, all), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(BOOT_PACKAGE), BOOT_PACKAGE_FRAME, UINT64_MAX, 2), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(BOOT_PACKAGE), BOOT_PACKAGE_FRAME, 0, 0), -PHX_INVALID_ARGUMENT);
    world_end();
}

TEST(bounds, a_stream_is_that_stream, "and makes itself no other")
{
    begin();
    static const char types[] = {1, 1, 2, 0x14}; /* of the frames of the whole, 1, 2, 3 */
    for (uint64_t stream = 1; stream < 4; stream++) {
        CHECK_EQ(CALL(t, SLOT(CONSOLE), CONSOLE_STREAM, stream), 0);
        uint64_t id = WORD(t, 0);
        CHECK_EQ(CALL(t, id, CONSOLE_WRITE, MEMORY, 1), 0);
        CHECK_EQ(arch_host.serial[arch_host.serial_length - 4], types[stream]);
        CHECK_EQ(CALL(t, id, CONSOLE_TAKE, MEMORY, 1), -PHX_PERMISSION_DENIED);
        for (uint64_t wanted = 0; wanted < 5; wanted++)
            CHECK_EQ(CALL(t, id, CONSOLE_STREAM, wanted),
                wanted == stream ? 0 : -PHX_INVALID_ARGUMENT);
    }
    CHECK_EQ(CALL(t, SLOT(CONSOLE), CONSOLE_WRITE, MEMORY, 1), 0);
    CHECK_EQ(arch_host.serial[arch_host.serial_length - 4], types[0]);
    CHECK_EQ(CALL(t, SLOT(CONSOLE), CONSOLE_STREAM, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, SLOT(CONSOLE), CONSOLE_STREAM, 4), -PHX_INVALID_ARGUMENT);
    world_end();
}

/* What alice is given in a machine that has `random` next, in a process of its own. */
static void fill_in_child(uint64_t random, uint8_t out[32])
{
    uint8_t *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;

    CHECK(shared != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        arch_host.random = random;
        if (CALL(t, SLOT(ENTROPY), ENTROPY_FILL, MEMORY, 32) != 0)
            _exit(1);
        memcpy(shared, at(&alice, MEMORY), 32);
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    memcpy(out, shared, 32);
    munmap(shared, PAGE);
}

TEST(bounds, random_bytes_are_of_the_moment, "and no more than 64 at a time")
{
    uint8_t a[32], b[32], again[32];

    begin();
    CHECK_EQ(CALL(t, SLOT(ENTROPY), ENTROPY_FILL, MEMORY, 64), 0);
    CHECK_EQ(CALL(t, SLOT(ENTROPY), ENTROPY_FILL, MEMORY, 65), -PHX_INVALID_ARGUMENT);
    fill_in_child(1000, a);
    fill_in_child(1000, again);
    fill_in_child(2000, b);
    CHECK(memcmp(a, again, 32) == 0);
    CHECK(memcmp(a, b, 32) != 0);
    world_end();
}

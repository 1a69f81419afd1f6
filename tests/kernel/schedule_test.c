/* SPDX-License-Identifier: MIT */
/* The methods of TimeSlice and Schedule under every scarcity. */
#include "attempt.h"

#define ALL_SLOTS FRAME_BADGE(0, timetable.count * cpu_count)

static struct thread *t; /* alice's */
static uint64_t slots, root; /* alice's holds of all slots, and of the root's Schedule */

static uint64_t new_schedule(void)
{
    CHECK_EQ(CALL(t, SLOT(ACCOUNT), ACCOUNT_NEW_SCHEDULE), 0);
    return WORD(t, 0);
}

static void method_add(void)
{
    slots = world_hold(&alice, &root_schedule.object, IFACE_SCHEDULE, SCHEDULE_M_ALL, 0);
    uint64_t s = new_schedule();
    uint64_t id = grant(&boss, bob.thread_id, &alice);
    CHECK_EQ(ATTEMPT_CALL(t, s, SCHEDULE_ADD, id, 63), 0);
    CHECK(bob.thread->schedule == (struct schedule *)object_of(&alice, s));
    CHECK_EQ(bob.thread->order, 63);
    CHECK_EQ(CALL(t, s, SCHEDULE_ADD, id, 64), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, s, SCHEDULE_ADD, id, 1), 0);
    CHECK_EQ(bob.thread->order, 1);
    CHECK_EQ(CALL(t, slots, SCHEDULE_ADD, id, 0), 0);
}

static void method_watch(void)
{
    CHECK_EQ(ATTEMPT_CALL(t, new_schedule(), SCHEDULE_WATCH_SLICE_END, 8), 0);
}

static void method_credit(void)
{
    uint64_t s = new_schedule();
    CHECK_EQ(CALL(t, s, SCHEDULE_CREDIT, 1), -PHX_LIMIT_EXCEEDED);
    CHECK_EQ(ATTEMPT_CALL(t, s, SCHEDULE_CREDIT, 0), 0);
}

static void all_slots(void)
{
    slots = world_hold(
        &alice, &machine, IFACE_TIME_SLICE, TIME_SLICE_M_ALL | CAPABILITY_M_ALL, ALL_SLOTS);
    root = world_hold(&alice, &root_schedule.object, IFACE_SCHEDULE, SCHEDULE_M_ALL, 0);
}

static void method_bind(void)
{
    all_slots();
    uint64_t many = world_hold(
        &alice, &machine, IFACE_TIME_SLICE, TIME_SLICE_M_ALL, FRAME_BADGE(0, 65));
    uint64_t s = new_schedule();
    CHECK_EQ(CALL(t, many, TIME_SLICE_BIND, s), -PHX_TOO_BIG);
    CHECK_EQ(ATTEMPT_CALL(t, slots, TIME_SLICE_BIND, s), 0);
    CHECK_EQ(((struct schedule *)object_of(&alice, s))->share.slots, timetable.count);
    CHECK_EQ(CALL(t, s, SCHEDULE_CREDIT, timetable.slot_ns * timetable.count), 0);
    CHECK_EQ(CALL(t, s, SCHEDULE_CREDIT, timetable.slot_ns * timetable.count + 1),
        -PHX_LIMIT_EXCEEDED);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_BIND, 0), 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_BIND, root), 0);
    CHECK_EQ(((struct schedule *)object_of(&alice, s))->share.slots, 0);
}

static void method_range(void)
{
    all_slots();
    CHECK_EQ(ATTEMPT_CALL(t, slots, TIME_SLICE_RANGE, 0, 1), 0);
    uint64_t part = WORD(t, 0);
    CHECK_EQ(CALL(t, part, TIME_SLICE_RANGE, 0, 0), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, part, TIME_SLICE_RANGE, 0, 2), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, part, TIME_SLICE_RANGE, 1, 1), -PHX_PERMISSION_DENIED);
    CHECK_EQ(CALL(t, part, TIME_SLICE_RANGE, UINT64_MAX, 1), -PHX_PERMISSION_DENIED);
}

static void method_slots_info(void)
{
    all_slots();
    CHECK_EQ(ATTEMPT_CALL(t, slots, TIME_SLICE_INFO), 0);
    CHECK_EQ(WORD(t, 0), 0);
    CHECK_EQ(WORD(t, 1), timetable.count);
    CHECK_EQ(WORD(t, 2), timetable.count);
    CHECK_EQ(WORD(t, 3), timetable.slot_ns);
}

static void method_spare(void)
{
    all_slots();
    uint64_t s = new_schedule(), other = new_schedule();
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, s, 64), -PHX_INVALID_ARGUMENT);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, 0, 7), 0); /* nobody is there */
    CHECK_EQ(ATTEMPT_CALL(t, slots, TIME_SLICE_SPARE, s, 7), 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, s, 7), 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, s, 8), -PHX_EXISTS);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, other, 7), -PHX_EXISTS);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, 0, 7), 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, other, 7), 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, s, 9), 0); /* it may stand elsewhere now */
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, 0, 9), 0);
    CHECK_EQ(CALL(t, slots, TIME_SLICE_SPARE, 0, 7), 0);
}

static const struct scenario scenarios[] = {
    METHOD(SCHEDULE, ADD, method_add),
    METHOD(SCHEDULE, WATCH_SLICE_END, method_watch),
    METHOD(SCHEDULE, CREDIT, method_credit),
    METHOD(TIME_SLICE, BIND, method_bind),
    METHOD(TIME_SLICE, RANGE, method_range),
    METHOD(TIME_SLICE, INFO, method_slots_info),
    METHOD(TIME_SLICE, SPARE, method_spare),
};

TEST(schedule, each_works_or_changes_nothing, "with any allocation refused and at any limit")
{
    scenarios_run(
        scenarios, sizeof scenarios / sizeof scenarios[0], IFACE_TIME_SLICE, IFACE_SCHEDULE, &t);
}

/* SPDX-License-Identifier: MIT */
/*
 * What a program used: its system calls by kind, the most memory that it had at
 * once, and the time from its first instruction to its last.
 *
 * The counters are atomic, and no order between them is needed: they are read when
 * the process ends. The machine's own figures (processor time, instructions) are the
 * launcher's to tell.
 */
#include "stats.h"

#include "face.h"
#include "fmt/fmt.h"
#include "heap.h"
#include "kernel.h"
#include "mm.h"
#include "time.h"
#include "trace.h"

/* The last row: numbers that Linux has not either. */
static struct count {
    uint64_t calls, errors, missing;
    bool told;
} *counts;

static struct count *count_of(uint64_t number)
{
    return &counts[number < CALL_COUNT ? number : CALL_COUNT];
}

void stats_begin(void)
{
    counts = heap_alloc((CALL_COUNT + 1) * sizeof(*counts));
    if (counts == NULL)
        program_log("no memory to count system calls in");
}

static void add(uint64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

void stats_called(uint64_t number)
{
    if (counts != NULL)
        add(&count_of(number)->calls);
}

void stats_answered(uint64_t number, int64_t result)
{
    if (counts == NULL || result >= 0 || result < -4095)
        return;
    add(&count_of(number)->errors);
    if (result == -E_NOSYS)
        add(&count_of(number)->missing);
}

static void print_one(uint64_t number, const struct count *c)
{
    const struct trace_call *call = trace_call_of(number);
    char name[32];

    if (number == CALL_COUNT)
        fmt(name, sizeof(name), "unknown");
    else if (call == NULL)
        fmt(name, sizeof(name), "syscall_0x%lx", number);
    else
        fmt(name, sizeof(name), "%s", call->name);
    program_error("phoenix: %9lu %9lu  %s%s\n", c->calls, c->errors, name,
                  c->missing == 0 ? "" : " (not there: ENOSYS)");
}

/* The one that was made most often, of those that are not told yet; NULL: none. */
static struct count *next_count(void)
{
    struct count *most = NULL;

    for (uint64_t i = 0; i <= CALL_COUNT; i++)
        if (counts[i].calls != 0 && !counts[i].told &&
            (most == NULL || counts[i].calls > most->calls))
            most = &counts[i];
    return most;
}

static void print_calls(void)
{
    uint64_t calls = 0, errors = 0;

    program_error("phoenix:     calls    errors  call\n");
    for (struct count *c = next_count(); c != NULL; c = next_count()) {
        c->told = true;
        calls += c->calls;
        errors += c->errors;
        print_one((uint64_t)(c - counts), c);
    }
    program_error("phoenix: %9lu %9lu  in all\n", calls, errors);
}

void stats_print(void)
{
    uint64_t pages = mm_peak_pages();
    uint64_t us = (time_monotonic() - time_started()) / 1000;

    if (counts == NULL)
        return;
    print_calls();
    program_error("phoenix: memory of the program: %lu KiB at most, its file's pages included\n",
                  pages * PHX_PAGE_SIZE / 1024);
    if (time_is_known())
        program_error("phoenix: time: %lu.%06lu s from start to end\n", us / 1000000, us % 1000000);
}

/* SPDX-License-Identifier: MIT */
/*
 * The runtime of native programs: what they were handed, by name; memory, text
 * out, threads. There is nothing ambient here: without a capability a function
 * that needs it does nothing and says so.
 *
 * A program has `int main(int argc, char **argv)` or `int main(void)`; what it
 * returns is its exit status. rt_cap() finds capabilities by the names that
 * whoever started it chose; those of the process itself (slots 1 to 4: process,
 * thread, space, pool) are always there and are authority over nothing else.
 *
 * Locking  alloc and out may be used by any thread
 */
#ifndef RT_RT_H
#define RT_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.stubs.h"
#include "rt/sys.h"

/* --- the CapSet ------------------------------------------------------------ */

struct rt_capability {
    const char *name;
    uint64_t id, methods, badge;
    uint16_t interface;
};

/* 0: it was handed nothing of that name. */
uint64_t rt_cap(const char *name);
/* One after another, from 0; false: no more. */
bool rt_cap_at(unsigned index, struct rt_capability *capability);

/* A line each on standard output: name, interface, methods. */
void rt_show_capabilities(void);
/* The end of such a line that is so long already: the methods that a set of an interface
 * allows. What every capability can do is one mark, unless some of it was taken away. */
void rt_show_authority(unsigned interface, uint64_t methods, size_t column);
const char *rt_interface_name(unsigned interface);
/* What of the machine a hold of drivers names, from its badge: "0x70-0x71", "00:05.0"; how
 * long that is, 0 of any other interface. */
#define RT_RANGE_TEXT 48
size_t rt_range_text(unsigned interface, uint64_t badge, char *text, size_t size);

/* The process's own. */
#define RT_PROCESS PHX_SLOT_ID(SLOT_PROCESS)
#define RT_THREAD PHX_SLOT_ID(SLOT_THREAD)
#define RT_SPACE PHX_SLOT_ID(SLOT_SPACE)
#define RT_POOL PHX_SLOT_ID(SLOT_POOL)

/* --- the Startup ----------------------------------------------------------- */

extern int rt_argc;
extern char **rt_argv;         /* ends with NULL */
extern char **rt_environment;  /* ends with NULL */
extern const char *rt_program; /* the name it was started by; never NULL */

/* --- the end --------------------------------------------------------------- */

_Noreturn void rt_exit(int status);
/* A line to log and error output, then the end with status 134 - 128 = SIGABRT. */
_Noreturn void rt_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- text out -------------------------------------------------------------- */

/* All of it to a Console; false: it took none or is none. */
bool rt_write(uint64_t console, const void *bytes, size_t length);
/* To "stdout" (else "console") and "stderr" (else stdout's); at most 2 KiB a call. */
void rt_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void rt_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line to "log", with the program's name in front. */
void rt_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Of a negative result or a positive error number: "out of memory" ... */
const char *rt_error_text(int64_t error);

/* --- memory ---------------------------------------------------------------- */

void *rt_alloc(size_t size); /* 16-byte aligned, not cleared; NULL: none left */
void *rt_alloc_zeroed(size_t size);
void *rt_resize(void *p, size_t size);
void rt_free(void *p);
size_t rt_heap_used(void);
/* Zeroed pages of a pool at an address of a space: all of them or none. */
int64_t rt_populate(
    uint64_t space, uint64_t pool, uint64_t address, uint64_t pages, unsigned protection);
/* Look at a whole frame for a while; NULL: not with this protection, or no memory. */
void *rt_window(uint64_t frame, uint64_t pages, unsigned protection);
void rt_window_close(void *window, uint64_t pages);

/* --- strings --------------------------------------------------------------- */

bool rt_equal(const char *a, const char *b);
/* Decimal, 0x hexadecimal or 0 octal, the whole text; false: none. */
bool rt_number(const char *text, uint64_t *number);
char *rt_copy(const char *text, size_t length); /* with an end mark; NULL: no memory */

/* --- threads --------------------------------------------------------------- */

/* Runs function(argument) on a stack of its own; *thread is a Thread capability. */
int64_t rt_thread(void (*function)(void *), void *argument, uint64_t *thread);

struct rt_lock {
    uint32_t held;
};
void rt_lock(struct rt_lock *lock);
void rt_unlock(struct rt_lock *lock);

/* A thread that waits on a notification for ever and hands the bits it took to
 * `endpoint` (a client capability) as word 0 of a call of that method: so a server
 * that only receives calls hears of everything else too. */
int64_t rt_relay(uint64_t notification, uint64_t endpoint, unsigned method);

#endif

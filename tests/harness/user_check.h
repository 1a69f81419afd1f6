/* SPDX-License-Identifier: MIT */
/*
 * What programs that test in a machine say: a line for each thing that they look at, and how
 * the machine ends. The one file of a program that defines CHECK_GROUP, which is what its
 * lines begin with, has the functions.
 */
#pragma once

#include <stdarg.h>

#include "rt/rt.h"

/* One line: ok GROUP.NAME, or FAIL GROUP.NAME and why. */
void check(const char *name, bool good, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Turn the machine off, with 10 or, if something failed, 11: neither is a status that an
 * emulator ends with by itself. */
_Noreturn void check_end(void);

#ifdef CHECK_GROUP
#include "fmt/fmt.h"

static unsigned check_failures;

void check(const char *name, bool good, const char *format, ...)
{
    char why[256] = "";
    va_list arguments;

    if (!good) {
        va_start(arguments, format);
        vfmt(why, sizeof why, format, arguments);
        va_end(arguments);
        check_failures++;
    }
    rt_print("%s " CHECK_GROUP ".%s%s%s\n", good ? "ok" : "FAIL", name, good ? "" : " ", why);
}

_Noreturn void check_end(void)
{
    power_shutdown(rt_cap("power"), check_failures == 0 ? 10 : 11);
    for (;;)
        __builtin_trap();
}
#endif

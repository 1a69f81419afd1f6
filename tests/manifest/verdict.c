/* SPDX-License-Identifier: MIT */
/*
 * The kernel refuses by panic(), which does not come back. The linker gives its callers
 * (--wrap=panic) the one here, and init_check() changes nothing before it refuses, so
 * that one can jump out of it.
 */
#include "verdict.h"

#include "../../engine/services/init/check.h"
#include "arch.h"
#include "init.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Noreturn void __wrap_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

static jmp_buf refused;
static struct verdict *verdict;
static struct capnp_message granting;

_Noreturn void __wrap_panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
    va_end(arguments);
    longjmp(refused, 1);
}

/* As init sees it: the kernel accepted each of these names. */
static bool is_granted(const char *name)
{
    struct system_manifest_reader manifest = system_manifest_root(&granting);
    struct capnp_list names = init_config_capabilities(system_manifest_init(manifest));

    for (uint32_t i = 0; i < names.count; i++)
        if (strcmp(capnp_list_text(names, i).data, name) == 0)
            return true;
    return false;
}

static void init_judges(const uint8_t *module, size_t size)
{
    struct capnp_message message;
    struct system_manifest_reader manifest;
    unsigned flags;

    capnp_open(&granting, module, size, CAPNP_LIMIT);
    capnp_open(&message, module, size, CAPNP_LIMIT);
    manifest = system_manifest_root(&message);
    flags = system_manifest_has_run(manifest) ? 0 : MANIFEST_HASHES;
    if (!manifest_check(&message, flags, is_granted, verdict->text))
        verdict->by = INIT_REFUSES;
}

void judge(struct verdict *v, const uint8_t *module, size_t size)
{
    static struct init_plan plan;

    *v = (struct verdict){.by = KERNEL_REFUSES};
    verdict = v;
    plan = (struct init_plan){.grants = 0};
    arch_host_memory((void *)(uintptr_t)module, size);
    if (setjmp(refused) != 0)
        return;
    init_check(module, size, &plan);
    v->by = BOTH_ACCEPT;
    init_judges(module, size);
}

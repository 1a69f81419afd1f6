/* SPDX-License-Identifier: MIT */
/*
 * The kernel refuses by panic(), which does not come back. The linker gives its callers
 * (--wrap=panic) the one here, and init_check() changes nothing before it refuses, so
 * that one can jump out of it.
 */
#include "verdict.h"

#include "../../engine/services/init/check.h"
#include "init.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Noreturn void __wrap_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

static jmp_buf refused;
static struct verdict *verdict;
static const struct phx_boot_header *accepted;

_Noreturn void __wrap_panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
    va_end(arguments);
    longjmp(refused, 1);
}

/* As init sees it: what the kernel gave. */
static bool is_granted(const char *name)
{
    for (uint32_t i = 0; i < accepted->capability_count; i++)
        if (accepted->capabilities[i].interface == kernel_grant(name)->interface)
            return true;
    return false;
}

static void init_judges(const uint8_t *module, size_t size)
{
    struct capnp_message message;
    struct system_manifest_reader manifest;
    unsigned flags;

    module += PHX_BOOT_MANIFEST;
    size -= PHX_BOOT_MANIFEST;
    if (!capnp_open(&message, module, size, CAPNP_LIMIT)) {
        verdict->by = INIT_REFUSES;
        strcpy(verdict->text, NO_MESSAGE);
        return;
    }
    manifest = system_manifest_root(&message);
    flags = system_manifest_has_run(manifest) ? 0 : MANIFEST_HASHES;
    if (!manifest_check(&message, flags, is_granted, verdict->text))
        verdict->by = INIT_REFUSES;
}

const struct phx_boot_header *kernel_judges(struct verdict *v, const void *module, size_t size)
{
    *v = (struct verdict){.by = KERNEL_REFUSES};
    verdict = v;
    accepted = NULL;
    if (setjmp(refused) == 0) {
        accepted = init_check(module, size);
        v->by = BOTH_ACCEPT;
    }
    return accepted;
}

void judge(struct verdict *v, const uint8_t *module, size_t size)
{
    if (kernel_judges(v, module, size) != NULL)
        init_judges(module, size);
}

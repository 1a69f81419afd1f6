/* SPDX-License-Identifier: MIT */
/* Files in memory, and trees beside them; see module.h. */
#define _GNU_SOURCE
#include "module.h"

#include "mkmanifest/pack.h"
#include "mkmanifest/refuse.h"
#include "trees.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#define BASE_LEAST (UINT64_C(16) << 20)
#define KERNEL_ROOM (UINT64_C(4) << 20) /* memory that the kernel itself is loaded to */
/* Below it every kind of machine has memory without a gap. */
#define END_MOST (UINT64_C(2) << 30)

/* Powers of two: programs of about the same size then find the same trees kept. */
static uint64_t choose_base(uint64_t head)
{
    uint64_t base = BASE_LEAST;

    while (base < head + KERNEL_ROOM)
        base *= 2;
    return base;
}

void module_make(struct module *module, struct package *package)
{
    *module = (struct module){.head = memfd_create("module", MFD_CLOEXEC), .trees = -1};
    if (module->head < 0)
        refuse("cannot make a file in memory: %s", strerror(errno));
    pack_place(package);
    module->entries = package->tree ? tree_count(package->tree) : 0;
    if (package->segment_bytes[PACK_TREES] < TREES_LARGE) {
        module->head_bytes = pack_write(package, module->head, true);
        return;
    }
    module->trees_bytes = package->segment_bytes[PACK_TREES];
    module->trees_base = choose_base(pack_head_size(package));
    if (module_end(module) > END_MOST)
        refuse("--ro: the files have %" PRIu64 "M; what a machine can be given beside this "
               "program is %" PRIu64 "M",
            module->trees_bytes >> 20,
            module->trees_base < END_MOST ? (END_MOST - module->trees_base) >> 20 : 0);
    module->trees = trees_open(module->trees_base, module->trees_bytes);
    module->head_bytes = pack_write(package, module->head, false);
}

uint64_t module_bytes(const struct module *module)
{
    return module->head_bytes + module->trees_bytes;
}

uint64_t module_end(const struct module *module)
{
    return module->trees_bytes ? module->trees_base + module->trees_bytes : 0;
}

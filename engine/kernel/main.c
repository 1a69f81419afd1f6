/* SPDX-License-Identifier: MIT */
/*
 * From the boot information to the first process.
 */
#include "buddy.h"
#include "init.h"
#include "thread.h"

#define MIB (1UL << 20)
#define ROOT_HOLDS (16UL << 20)
#define ROOT_THREADS (64UL << 10)
#define ROOT_ENERGY (1UL << 48) /* quanta, and as much gas: all that will ever be */
#define ROOT_TIME (1UL << 63)   /* ns: a core for 292 years */

static void root_account_init(uint64_t pages)
{
    account_init(&kernel.root, NULL, &kernel.memory);
    kernel.root.object.refs = 1; /* never freed */
    kernel.root.limit[RESOURCE_PAGES] = pages;
    kernel.root.limit[RESOURCE_HOLDS] = ROOT_HOLDS;
    kernel.root.limit[RESOURCE_THREADS] = ROOT_THREADS;
    kernel.root.limit[RESOURCE_ENERGY] = ROOT_ENERGY;
    kernel.root.limit[RESOURCE_TIME] = ROOT_TIME;
    kernel.root.limit[RESOURCE_GAS] = ROOT_ENERGY;
}

/* From here on this core's flags are what the hardware has, and it runs threads. */
static _Noreturn void core_begin(void)
{
    arch_fpu_trap(true);
    this_cpu()->fpu_trapping = true;
    kernel_lock(this_cpu());
    kernel_exit(this_cpu());
    arch_enter_user();
}

void kernel_main(const struct boot_info *info)
{
    unsigned cores;
    uint64_t pages;

    kernel.boot = info;
    console_init();
    log_init();
    pages = frames_init(info);
    objects_init();
    root_account_init(pages);
    klog(LOG_INFO, "Phoenix: %lu MiB of memory, booted by %s", info->memory_bytes / MIB,
         info->loader);
    if (info->is_open)
        klog(LOG_WARNING, "this processor is open to Meltdown: programs are not isolated");
    cores = arch_start_cpus();
    klog(LOG_INFO, "%u core%s, clock %lu/2^%lu ns a tick", cores, cores == 1 ? "" : "s",
         arch_clock.multiplier, arch_clock.shift);
    init_start(cores);
    __atomic_store_n(&cpu_count, cores, __ATOMIC_RELEASE);
    core_begin();
}

void kernel_cpu_main(void)
{
    while (__atomic_load_n(&cpu_count, __ATOMIC_ACQUIRE) == 1)
        arch_pause(); /* until there is something to lock against */
    core_begin();
}

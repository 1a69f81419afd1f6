/* SPDX-License-Identifier: MIT */
/* The first process, built from the boot module. */
#pragma once

#include "elf.h"

/* What the module says of init, all of it looked at. */
struct init_plan {
    struct elf_info image;
    unsigned grants, count; /* a bit for each capability that it gets; how many */
    unsigned cores, slots;  /* of the machine; of each core */
    uint64_t slot_ns;
};

/* What is wrong with the module, as far as the kernel needs it, stops the machine
 * with the field's name. Changes nothing but *plan, which is empty at first. */
void init_check(const void *module, uint64_t size, struct init_plan *plan);

/* Check the module, build init for a machine of so many cores, make it ready. */
void init_start(unsigned cores);

/* SPDX-License-Identifier: MIT */
/* The first process, built from the boot header. */
#pragma once

#include "phoenix/boot.h"

/* The module's header, all of it looked at. What is wrong with it stops the machine, with
 * the field's name and what would be right. Changes nothing. */
const struct phx_boot_header *init_check(const void *module, uint64_t size);

/* Check the module, build init for a machine of so many cores, make it ready. */
void init_start(unsigned cores);

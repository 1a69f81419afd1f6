/* SPDX-License-Identifier: MIT */
/*
 * What misc.c knows about the process that other files need.
 */
#ifndef LINUX_MISC_H
#define LINUX_MISC_H

#include <stdint.h>

/* The bits that new files do not get. */
uint32_t file_mask(void);

#endif

/* SPDX-License-Identifier: MIT */
/* The first process, built from the boot module. */
#ifndef KERNEL_INIT_H
#define KERNEL_INIT_H

/* Check the module as far as the kernel needs it, build init, make it ready. What
 * is wrong with the module stops the machine with the field's name. */
void init_start(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The module that a machine is started with, in files that the emulator inherits.
 *
 * Small ones are one file, which QEMU loads. Where trees bring more than TREES_LARGE,
 * their segment is a file of its own that becomes the machine's memory: memory
 * byte n is file byte n, copied only when it is written, so nothing of it is read or
 * copied before the program asks, and machines that run at once share it. The rest
 * of the module is loaded to just below it.
 *
 *   memory  0 ......... head | trees ......... end of memory
 *   file    (a hole)         | trees | (a hole)
 */
#ifndef PHOENIX_MODULE_H
#define PHOENIX_MODULE_H

#include "mkmanifest/package.h"

#include <stdint.h>

#define TREES_LARGE (UINT64_C(4) << 20)

struct module {
    int head;            /* the file to be loaded */
    uint64_t head_bytes; /* a multiple of a page */
    int trees;           /* -1: all is in `head` */
    uint64_t trees_base; /* where they are in their file and in memory */
    uint64_t trees_bytes;
    uint64_t entries; /* names of files and folders */
};

/* Pack it; fails as the packer does. */
void module_make(struct module *module, struct package *package);

/* What is loaded, all in all. */
uint64_t module_bytes(const struct module *module);

/* What memory must reach up to for the sake of trees that lie at a place; 0: nothing. */
uint64_t module_end(const struct module *module);

#endif

/* SPDX-License-Identifier: MIT */
/* What the files of the server share: the one tree, and who has what open. */
#ifndef RAMFS_RAMFS_H
#define RAMFS_RAMFS_H

#include "fs.h"
#include "proc/package.h"
#include "rt/serve.h"

/* Badges of the endpoint: the tree itself, open files by number, our own second thread. */
#define BADGE_NAMESPACE 0
#define BADGE_RELAY (~UINT64_C(0))

extern struct fs ramfs;
extern struct package ramfs_package;
extern uint64_t ramfs_endpoint;

/* load.c. NULL, or what is wrong. */
const char *load_trees(struct fs *fs, struct package *package);

/* files.c: open files. Prepare what tells of files that nobody holds any more. */
const char *files_init(uint64_t account);
/* An open node becomes a File for whoever called; 0, or an error of Linux's. */
int files_add(struct rt_call *call, struct fs_node *node, uint64_t flags, bool may_write,
    const char *path, size_t path_length);
unsigned files_handle(struct rt_call *call);
/* Close those that nobody holds. */
void files_look(void);
/* What the second thread calls: how many are open is answered. */
unsigned files_relayed(struct rt_call *call);

/* namespace.c: the tree itself. */
unsigned namespace_handle(struct rt_call *call);

/* answers.c: errors and attributes as words. */
unsigned answer_error(struct rt_call *call, int error);
unsigned answer_status(struct rt_call *call, const struct fs_node *node);
struct fs_attributes attributes_of(const uint64_t words[PHX_WORDS]);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Names that mean something without the Namespace's help, in a process that has
 * one: a few devices, and the process's own descriptors.
 */
#ifndef LINUX_PATH_H
#define LINUX_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The descriptor that /dev/stdin, /dev/fd/N ... stand for, or -1. */
int64_t path_descriptor(const char *path);
bool path_device(const char *path, unsigned *major, unsigned *minor);
/* Where /proc/self/exe and /proc/self/fd/N lead; -E_INVAL: it is none of them. */
int64_t path_magic_link(const char *path, char *target, size_t size);

/* Make it the working directory. */
int64_t directory_set(const char *path);

#endif

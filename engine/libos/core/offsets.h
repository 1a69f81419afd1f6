/* SPDX-License-Identifier: MIT */
/*
 * Where assembly finds things in a thread page; thread.c holds these against the
 * structs.
 */
#ifndef LIBOS_OFFSETS_H
#define LIBOS_OFFSETS_H

#define THREAD_LOCAL 832 /* struct thread, behind the four frames */
#define THREAD_FS THREAD_LOCAL
#define THREAD_WORK (THREAD_LOCAL + 8)

#endif

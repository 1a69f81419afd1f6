/* SPDX-License-Identifier: MIT */
/*
 * Open files and the descriptors that name them.
 *
 * A struct file is an open file description: what it is (ops), how it was opened,
 * where it stands. Descriptors count it. Buffers are the program's addresses,
 * whose range was checked by the face; what is not there is -E_FAULT. (The libos's
 * own buffers may be given as well.)
 *
 * Locking  inside; a file that was got stays until it is put
 * Tests    descriptors_test.c, on the host
 */
#ifndef LIBOS_FILE_H
#define LIBOS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "lock.h"

/* How it was opened. */
#define OPENED_READ 1
#define OPENED_WRITE 2
#define OPENED_APPEND 4
#define OPENED_NONBLOCK 8
#define OPENED_PATH_ONLY 16

/* What poll tells. */
#define FILE_CAN_READ 1
#define FILE_CAN_WRITE 2
#define FILE_HUNG_UP 4
#define FILE_BROKEN 8 /* nobody will read what is written */

/* As schema/services.capnp's status; the type bits of mode as well. */
struct attributes {
    uint64_t inode, mode, links, owner, size, blocks, mtime, ctime, atime, device;
    uint64_t origin; /* whose inode numbers these are: 0 the tree's, else ORIGIN_ */
};

#define ORIGIN_CONSOLE 1
#define ORIGIN_DEVICE 2
#define ORIGIN_PIPE 3

#define MODE_TYPE 0170000
#define MODE_PIPE 0010000
#define MODE_CHARACTER 0020000
#define MODE_DIRECTORY 0040000
#define MODE_REGULAR 0100000
#define MODE_LINK 0120000

/* setAttributes' `which`. */
#define SET_MODE 1
#define SET_UID 2
#define SET_GID 4
#define SET_MTIME 8
#define SET_ATIME 16
#define SET_SIZE 32
#define SET_NOT_THROUGH_LINK 64

struct file;
struct backing;

struct file_ops {
    const char *kind;
    bool seekable;
    /* Bytes done, or -E_*; `offset` means something to a seekable file only. */
    int64_t (*read)(struct file *file, uint64_t address, uint64_t length, uint64_t offset);
    int64_t (*write)(struct file *file, uint64_t address, uint64_t length, uint64_t *offset);
    unsigned (*poll)(struct file *file); /* FILE_CAN_*; NULL: always both */
    int64_t (*status)(struct file *file, struct attributes *attributes);
    void (*close)(struct file *file); /* frees it */
};

struct file {
    const struct file_ops *ops;
    uint32_t refs;
    uint32_t flags;      /* FILE_* */
    uint32_t face_flags; /* what the face was asked to open it with */
    struct lock position_lock;
    uint64_t position;   /* of a directory: its list's cookie */
};

void file_init(struct file *file, const struct file_ops *ops, uint32_t flags, uint32_t face_flags);

int64_t io_read(struct file *file, uint64_t address, uint64_t length);
int64_t io_write(struct file *file, uint64_t address, uint64_t length);
int64_t io_read_at(struct file *file, uint64_t address, uint64_t length, uint64_t offset);
int64_t io_write_at(struct file *file, uint64_t address, uint64_t length, uint64_t offset);
unsigned io_poll(struct file *file);

/* --- descriptors ---------------------------------------------------------- */

#define DESCRIPTORS_MAX 1024

/* Takes over the caller's reference, also when it fails (-E_MFILE). The lowest free
 * number that is not below `least`. */
int64_t descriptor_new(struct file *file, unsigned least, bool close_on_exec);
/* At this number, whatever was there is closed. */
int64_t descriptor_put(struct file *file, unsigned number, bool close_on_exec);
/* The file with one more reference; NULL: no such descriptor. */
struct file *descriptor_get(uint64_t number);
int64_t descriptor_close(uint64_t number);
/* The close-on-exec flag; set < 0 only asks. -E_BADF. */
int64_t descriptor_flag(uint64_t number, int set);
bool descriptor_is_open(uint64_t number);

void file_ref(struct file *file);
void file_unref(struct file *file);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Numbers of Linux on x86-64 that Namespace and File carry: errors, open flags,
 * mode bits. A name here is Linux's name with LX_ before it, so that the host's
 * own headers can be included beside this one.
 *
 * Spec  man-pages errno(3), open(2), inode(7), renameat2(2), getdents(2)
 */
#ifndef RAMFS_LINUX_H
#define RAMFS_LINUX_H

#define LX_EPERM 1
#define LX_ENOENT 2
#define LX_EIO 5
#define LX_ENXIO 6
#define LX_EBADF 9
#define LX_ENOMEM 12
#define LX_EACCES 13
#define LX_EBUSY 16
#define LX_EEXIST 17
#define LX_EXDEV 18
#define LX_ENOTDIR 20
#define LX_EISDIR 21
#define LX_EINVAL 22
#define LX_ENFILE 23
#define LX_EFBIG 27
#define LX_ENOSPC 28
#define LX_EROFS 30
#define LX_EMLINK 31
#define LX_ENAMETOOLONG 36
#define LX_ENOTEMPTY 39
#define LX_ELOOP 40
#define LX_EOPNOTSUPP 95

#define LX_O_ACCMODE 03
#define LX_O_RDONLY 00
#define LX_O_WRONLY 01
#define LX_O_RDWR 02
#define LX_O_CREAT 0100
#define LX_O_EXCL 0200
#define LX_O_TRUNC 01000
#define LX_O_APPEND 02000
#define LX_O_DIRECTORY 0200000
#define LX_O_NOFOLLOW 0400000
#define LX_O_PATH 010000000
#define LX_O_TMPFILE 020000000 /* the bit of its own; O_DIRECTORY goes with it */

#define LX_S_IFMT 0170000
#define LX_S_IFSOCK 0140000
#define LX_S_IFLNK 0120000
#define LX_S_IFREG 0100000
#define LX_S_IFBLK 0060000
#define LX_S_IFDIR 0040000
#define LX_S_IFCHR 0020000
#define LX_S_IFIFO 0010000

#define LX_RENAME_NOREPLACE 1
#define LX_RENAME_EXCHANGE 2

#define LX_NAME_MAX 255
#define LX_PATH_MAX 4095 /* bytes, without the end mark */

#endif

/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "fs_test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int line; /* to the child */
static pid_t child;
static char root[64]; /* what the child may see */
static int files[MODEL_FILES];

static void transfer(int fd, void *data, size_t size, bool out)
{
    for (size_t at = 0; at < size;) {
        char *from = (char *)data + at;
        ssize_t n = out ? write(fd, from, size - at) : read(fd, from, size - at);

        if (n <= 0)
            _exit(0);
        at += (size_t)n;
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list(int fd, struct model_answer *answer)
{
    DIR *directory = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY));
    char *names[512];
    size_t count = 0;
    struct dirent *entry;

    if (directory == NULL)
        return -1;
    while ((entry = readdir(directory)) != NULL && count < 512)
        names[count++] = strdup(entry->d_name);
    closedir(directory);
    qsort(names, count, sizeof names[0], by_name);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(names[i]) + 1;

        memcpy(answer->data + answer->length, names[i], size);
        answer->length += size;
        free(names[i]);
    }
    return 0;
}

static int attributes(int result, const struct stat *st, struct model_answer *answer)
{
    answer->mode = st->st_mode;
    answer->links = (uint32_t)st->st_nlink;
    answer->size = (uint64_t)st->st_size;
    answer->inode = st->st_ino;
    answer->mtime = st->st_mtim.tv_sec;
    return result;
}

static int took(ssize_t n, struct model_answer *answer)
{
    answer->length = n > 0 ? (size_t)n : 0;
    return n < 0 ? -1 : 0;
}

static int do_file(const struct model_request *r, struct model_answer *answer)
{
    int *fd = &files[r->file];
    struct stat st = {0};

    switch (r->op) {
    case MODEL_OPEN:
        *fd = open(r->path, (int)r->flags, (mode_t)r->mode);
        return *fd < 0 ? -1 : 0;
    case MODEL_CLOSE:
        return close(*fd);
    case MODEL_READ:
        return took(pread(*fd, answer->data, r->length, (off_t)r->offset), answer);
    case MODEL_WRITE:
        return took(pwrite(*fd, r->data, r->length, (off_t)r->offset), answer);
    case MODEL_RESIZE:
        return ftruncate(*fd, (off_t)r->offset);
    case MODEL_FSTAT:
        return attributes(fstat(*fd, &st), &st, answer);
    default:
        return list(*fd, answer);
    }
}

static int do_path(const struct model_request *r, struct model_answer *answer)
{
    struct stat st = {0};
    struct timespec times[2] = {{.tv_sec = (time_t)r->offset}, {.tv_sec = (time_t)r->offset}};

    switch (r->op) {
    case MODEL_STAT:
        return attributes(r->flags ? stat(r->path, &st) : lstat(r->path, &st), &st, answer);
    case MODEL_READLINK:
        return took(readlink(r->path, (char *)answer->data, sizeof answer->data), answer);
    case MODEL_MAKE:
        return (r->mode & S_IFMT) == S_IFDIR ? mkdir(r->path, (mode_t)r->mode & 07777)
                                             : mknod(r->path, (mode_t)r->mode, 0);
    case MODEL_LINK:
        return link(r->path, r->second);
    case MODEL_SYMLINK:
        return symlink(r->path, r->second);
    case MODEL_REMOVE:
        return r->flags ? rmdir(r->path) : unlink(r->path);
    case MODEL_RENAME:
        return renameat2(AT_FDCWD, r->path, AT_FDCWD, r->second, (unsigned)r->flags);
    case MODEL_CHMOD:
        return chmod(r->path, (mode_t)r->mode);
    default:
        return utimensat(AT_FDCWD, r->path, times, r->flags ? 0 : AT_SYMLINK_NOFOLLOW);
    }
}

static void serve(int fd)
{
    static struct model_request request;
    static struct model_answer answer;

    umask(0);
    for (;;) {
        int result;

        transfer(fd, &request, sizeof request, false);
        memset(&answer, 0, offsetof(struct model_answer, data));
        result = request.op <= MODEL_LIST ? do_file(&request, &answer) : do_path(&request, &answer);
        answer.error = result < 0 ? errno : 0;
        transfer(fd, &answer, offsetof(struct model_answer, data) + answer.length, true);
    }
}

static bool confine(void)
{
    if (chdir(root) != 0)
        return false;
    if (geteuid() != 0 && unshare(CLONE_NEWUSER) != 0)
        return false;
    return chroot(".") == 0;
}

bool model_start(void)
{
    int pair[2];
    char confined = 0;

    snprintf(root, sizeof root, "%s/phoenix-fs-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(root) == NULL || chmod(root, 0755) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
        perror("model");
        exit(1);
    }
    child = fork();
    if (child == 0) {
        close(pair[0]);
        confined = confine();
        transfer(pair[1], &confined, 1, true);
        serve(pair[1]);
    }
    close(pair[1]);
    line = pair[0];
    transfer(line, &confined, 1, false);
    return confined;
}

void model_ask(const struct model_request *request, struct model_answer *answer)
{
    struct model_request copy = *request;

    transfer(line, &copy, sizeof copy, true);
    transfer(line, answer, offsetof(struct model_answer, data), false);
    transfer(line, answer->data, answer->length, false);
}

void model_stop(void)
{
    char command[128];

    close(line);
    waitpid(child, NULL, 0);
    snprintf(command, sizeof command, "rm -rf %s", root);
    if (system(command) != 0)
        fprintf(stderr, "%s stays\n", root);
}

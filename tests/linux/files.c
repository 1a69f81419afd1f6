/* SPDX-License-Identifier: MIT */
/* Files and directories, made in the working directory. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "say.h"

static char buffer[100000];

static void reading_and_writing(void)
{
    int f = open("data", O_RDWR | O_CREAT | O_EXCL, 0640);
    struct iovec v[3] = {{"one ", 4}, {"two ", 4}, {"three\n", 6}};
    char text[32] = {0};

    SAY(f == 3);
    FAILS(open("data", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
    SAY(writev(f, v, 3) == 14);
    SAY(lseek(f, 4, SEEK_SET) == 4 && read(f, text, 3) == 3);
    printf("read \"%s\"\n", text);
    SAY(pwrite(f, "TWO", 3, 4) == 3 && pread(f, text, 14, 0) == 14);
    printf("read \"%.13s\"\n", text);
    SAY(lseek(f, 0, SEEK_CUR) == 7 && lseek(f, 0, SEEK_END) == 14);
    SAY(read(f, text, 1) == 0);
    FAILS(lseek(f, -1, SEEK_SET), EINVAL);
    SAY(lseek(f, 100000, SEEK_SET) == 100000 && write(f, "end", 3) == 3);
    SAY(pread(f, buffer, sizeof(buffer), 14) == (ssize_t)sizeof(buffer) - 11);
    SAY(buffer[0] == 0 && buffer[99985] == 0 && memcmp(buffer + 99986, "end", 3) == 0);
    SAY(ftruncate(f, 7) == 0 && lseek(f, 0, SEEK_END) == 7);
    SAY(fsync(f) == 0 && close(f) == 0);
    FAILS(close(f), EBADF);
    FAILS(read(f, text, 1), EBADF);
}

static void large(void)
{
    int f = open("large", O_WRONLY | O_CREAT | O_TRUNC, 0600), g, h;
    unsigned sum = 0;
    off_t at = 1000;

    for (unsigned i = 0; i < sizeof(buffer); i++)
        buffer[i] = (char)(i * 31 >> 3);
    for (int i = 0; i < 10; i++)
        SAY(write(f, buffer, sizeof(buffer)) == sizeof(buffer));
    close(f);
    f = open("large", O_RDONLY);
    memset(buffer, 0, sizeof(buffer));
    SAY(pread(f, buffer, sizeof(buffer), 900000) == sizeof(buffer));
    for (unsigned i = 0; i < sizeof(buffer); i++)
        sum = sum * 33 + (unsigned char)buffer[i];
    printf("sum %08x\n", sum);
    g = open("copy", O_RDWR | O_CREAT, 0600);
    SAY(sendfile(g, f, &at, 50000) == 50000 && at == 51000);
    SAY(lseek(g, 0, SEEK_CUR) == 50000 && lseek(f, 0, SEEK_CUR) == 0);
    h = dup(g);
    SAY(copy_file_range(f, NULL, h, NULL, 3000, 0) == 3000 && lseek(g, 0, SEEK_CUR) == 53000);
    SAY(close(h) == 0 && close(g) == 0 && close(f) == 0);
}

static void appending(void)
{
    int a = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600), b = open("log", O_WRONLY | O_APPEND);
    struct stat s;

    SAY(write(a, "first ", 6) == 6 && write(b, "second ", 7) == 7 && write(a, "third", 5) == 5);
    SAY(fstat(a, &s) == 0 && s.st_size == 18);
    SAY((fcntl(a, F_GETFL) & (O_ACCMODE | O_APPEND)) == (O_WRONLY | O_APPEND));
    FAILS(read(a, buffer, 1), EBADF);
    SAY(dup2(a, 20) == 20 && fcntl(20, F_SETFD, FD_CLOEXEC) == 0 && fcntl(20, F_GETFD) == 1);
    SAY(close(20) == 0 && close(a) == 0 && close(b) == 0);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path)
{
    DIR *directory = opendir(path);
    char *names[64];
    int n = 0;

    SAY(directory != NULL);
    if (directory == NULL)
        return;
    for (struct dirent *d; (d = readdir(directory)) != NULL && n < 64;)
        asprintf(&names[n++], "%s (%d)", d->d_name, d->d_type);
    closedir(directory);
    qsort(names, (size_t)n, sizeof(names[0]), by_name);
    for (int i = 0; i < n; i++) {
        printf("  %s\n", names[i]);
        free(names[i]);
    }
}

static void directories(void)
{
    char where[4096], before[4096];
    int d;

    SAY(mkdir("folder", 0755) == 0 && mkdir("folder/inner", 0700) == 0);
    FAILS(mkdir("folder", 0755), EEXIST);
    FAILS(mkdir("nowhere/inner", 0755), ENOENT);
    FAILS(rmdir("folder"), ENOTEMPTY);
    FAILS(open("data/inner", O_RDONLY), ENOTDIR);
    FAILS(open("folder", O_WRONLY), EISDIR);
    SAY(getcwd(before, sizeof(before)) != NULL && chdir("folder/inner") == 0);
    SAY(getcwd(where, sizeof(where)) != NULL);
    printf("in %s\n", strstr(where, "folder/inner"));
    SAY(chdir("../..") == 0 && getcwd(where, sizeof(where)) != NULL && strcmp(where, before) == 0);
    d = open("folder", O_RDONLY | O_DIRECTORY);
    SAY(d >= 0 && close(openat(d, "file", O_CREAT | O_WRONLY, 0600)) == 0);
    SAY(fchdir(d) == 0 && access("file", R_OK | W_OK) == 0 && chdir("..") == 0);
    SAY(symlinkat("../data", d, "link") == 0 && mkfifo("folder/fifo", 0600) == 0);
    list("folder");
    SAY(unlinkat(d, "file", 0) == 0 && unlinkat(d, "inner", AT_REMOVEDIR) == 0);
    FAILS(unlinkat(d, "nothing", 0), ENOENT);
    SAY(read(d, where, 10) == -1 && errno == EISDIR);
    close(d);
    for (int i = 0; i < 300; i++) {
        snprintf(where, sizeof(where), "folder/a rather long name for a file, number %d", i);
        close(open(where, O_CREAT | O_WRONLY, 0600));
    }
    d = 0;
    DIR *many = opendir("folder");
    while (readdir(many) != NULL)
        d++;
    rewinddir(many);
    while (readdir(many) != NULL)
        d++;
    closedir(many);
    printf("%d entries, twice\n", d);
}

static void attributes(void)
{
    struct timespec times[2] = {{1000000000, 5}, {1100000000, 123456789}};
    struct statvfs fs;
    struct stat s;
    uint64_t x[32];

    SAY(stat("data", &s) == 0);
    printf("mode %o size %ld links %ld\n", s.st_mode, (long)s.st_size, (long)s.st_nlink);
    SAY(chmod("data", 0444) == 0 && stat("data", &s) == 0 && (s.st_mode & 07777) == 0444);
    SAY(utimensat(AT_FDCWD, "data", times, 0) == 0 && stat("data", &s) == 0);
    printf("%ld.%09ld %ld.%09ld\n", (long)s.st_atim.tv_sec, s.st_atim.tv_nsec,
           (long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
    SAY(truncate("data", 3) == 0 && lstat("data", &s) == 0 && s.st_size == 3);
    SAY(syscall(SYS_statx, AT_FDCWD, "data", 0, 0x7ff, x) == 0 && x[5] == 3); /* stx_size */
    SAY(statvfs(".", &fs) == 0 && fs.f_bsize > 0 && fs.f_namemax == 255);
    FAILS(stat("nothing", &s), ENOENT);
    FAILS(stat("", &s), ENOENT);
    umask(077);
    close(open("private", O_CREAT | O_WRONLY, 0666));
    SAY(stat("private", &s) == 0 && (s.st_mode & 0777) == 0600 && umask(022) == 077);
}

static void names(void)
{
    char target[64] = {0};
    struct stat s, t;

    SAY(link("data", "second") == 0 && stat("data", &s) == 0 && stat("second", &t) == 0);
    SAY(s.st_ino == t.st_ino && s.st_nlink == 2);
    SAY(rename("second", "third") == 0 && access("second", F_OK) == -1);
    SAY(symlink("third", "pointer") == 0 && readlink("pointer", target, sizeof(target)) == 5);
    printf("points to %s\n", target);
    SAY(stat("pointer", &t) == 0 && s.st_ino == t.st_ino && lstat("pointer", &t) == 0);
    SAY(S_ISLNK(t.st_mode) && t.st_size == 5);
    SAY(symlink("round", "round") == 0);
    FAILS(open("round", O_RDONLY), ELOOP);
    FAILS(open("pointer", O_RDONLY | O_NOFOLLOW), ELOOP);
    FAILS(rename("folder", "folder/inside"), EINVAL);
    FAILS(readlink("data", target, sizeof(target)), EINVAL);
    SAY(unlink("pointer") == 0 && unlink("round") == 0 && unlink("third") == 0);
    SAY(stat("data", &s) == 0 && s.st_nlink == 1);
}

static void removed_while_open(void)
{
    int f = open("gone", O_RDWR | O_CREAT, 0600);
    char text[8] = {0};

    SAY(write(f, "still", 5) == 5 && unlink("gone") == 0 && access("gone", F_OK) == -1);
    SAY(pread(f, text, 5, 0) == 5);
    printf("%s there\n", text);
    close(f);
}

static void mapped(void)
{
    int f = open("large", O_RDONLY);
    unsigned char *p = mmap(NULL, 1000000, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
    unsigned char first;

    SAY(p != MAP_FAILED && p[1] == 3 && p[999999] == (unsigned char)buffer[99999]);
    first = p[0];
    p[0] = 0xee;
    SAY(pread(f, buffer, 1, 0) == 1 && (unsigned char)buffer[0] == first && p[0] == 0xee);
    SAY(munmap(p, 1000000) == 0);
    p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, f, 4096);
    SAY(p != MAP_FAILED && pread(f, buffer, 4096, 4096) == 4096 && memcmp(p, buffer, 4096) == 0);
    FAILS((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, f, 100), EINVAL);
    FAILS((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0), EBADF);
    close(f);
}

/* A file that came with the machine, read while it is written. */
static void changing(const char *path)
{
    int w = open(path, O_RDWR), r = open(path, O_RDONLY);
    char before = 0, after = 0;

    SAY(w >= 0 && r >= 0 && pread(r, &before, 1, 5000) == 1);
    SAY(pwrite(w, "#", 1, 5000) == 1 && pread(r, &after, 1, 5000) == 1 && after == '#');
    SAY(pwrite(w, &before, 1, 5000) == 1 && pread(r, &after, 1, 5000) == 1 && after == before);
    SAY(ftruncate(w, 100) == 0 && pread(r, &after, 1, 5000) == 0);
    close(w);
    close(r);
}

/* No two files share both numbers; tar takes its archive for a file otherwise. */
static void numbers_of_files(void)
{
    struct stat tree, other;
    int ends[2];

    SAY(stat(".", &tree) == 0 && fstat(1, &other) == 0);
    SAY(tree.st_dev != other.st_dev || S_ISREG(other.st_mode));
    SAY(stat("/dev/null", &other) == 0 && tree.st_dev != other.st_dev);
    SAY(pipe(ends) == 0 && fstat(ends[0], &other) == 0 && tree.st_dev != other.st_dev);
    close(ends[0]);
    close(ends[1]);
}

static void streams(void)
{
    FILE *f = fopen("text", "w+");
    char line[64];
    int n;

    fprintf(f, "%d\n%s\n", 12345, "a second line");
    rewind(f);
    SAY(fscanf(f, "%d\n", &n) == 1 && n == 12345);
    SAY(fgets(line, sizeof(line), f) != NULL);
    printf("%s", line);
    fclose(f);
    f = fopen("/dev/null", "r+");
    SAY(f != NULL && fgetc(f) == EOF && fputs("nothing", f) >= 0 && fclose(f) == 0);
    n = open("/dev/zero", O_RDONLY);
    line[0] = 'x';
    SAY(read(n, line, 5) == 5 && line[0] == 0 && close(n) == 0);
    n = open("/dev/full", O_WRONLY);
    FAILS(write(n, line, 1), ENOSPC);
    close(n);
    SAY((n = open("/dev/urandom", O_RDONLY)) >= 0 && read(n, line, 64) == 64 && close(n) == 0);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        changing(argv[1]);
    reading_and_writing();
    large();
    appending();
    directories();
    attributes();
    names();
    removed_while_open();
    mapped();
    numbers_of_files();
    streams();
    return 0;
}

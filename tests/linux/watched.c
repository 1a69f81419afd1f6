/* SPDX-License-Identifier: MIT */
/*
 * Calls whose lines are the same under strace on this host and under --trace-calls:
 * trace_test.sh compares what lies between two closes of descriptor -77.
 *
 *   watched          all of them, then status 7
 *   watched fault    a load from address 8
 *   watched abort    abort()
 *   watched memory   24 MiB at once, then 8
 *   watched count    20,000,000 instructions and few others
 *   watched wait     read() from standard input, which never comes
 *   watched threads  two threads, one of which waits for the other
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define NOWHERE ((void *)16)

static char bytes[PAGE];

static void note(int number)
{
    (void)number;
}

static void note_more(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
}

static void signals(void)
{
    struct sigaction act = {.sa_handler = note, .sa_flags = SA_RESTART}, old;
    struct itimerval soon = {{0, 0}, {0, 20000}};
    struct timespec nothing = {0, 0};
    stack_t stack = {.ss_sp = bytes, .ss_size = 1, .ss_flags = SS_DISABLE};
    siginfo_t info;
    sigset_t set, before;

    sigaction(SIGUSR1, &act, NULL);
    sigaction(SIGUSR1, NULL, &old);
    raise(SIGUSR1);
    act = (struct sigaction){.sa_sigaction = note_more, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaddset(&act.sa_mask, SIGHUP);
    sigaddset(&act.sa_mask, 40);
    sigaction(SIGALRM, &act, &old);
    sigaction(SIGWINCH, &(struct sigaction){.sa_handler = SIG_IGN}, &old);
    kill(getpid(), 0);
    setitimer(ITIMER_REAL, &soon, NULL);
    pause();
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, 35);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigtimedwait(&set, &info, &nothing);
    raise(SIGUSR2);
    sigpending(&set);
    sigtimedwait(&set, &info, &nothing);
    sigaltstack(NULL, &stack);
    syscall(SYS_rt_sigaction, 99, NULL, NULL, 8);
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NOWHERE, NULL, 8);
    kill(getpid(), 99);
}

static void names(void)
{
    struct timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
    struct stat status;
    int fd;

    mkdir("folder", 0755);
    mkdir("folder", 0);
    fd = open("folder/file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    open("folder/file", O_WRONLY | O_CREAT | O_EXCL, 0640);
    open("folder/none", O_RDONLY | O_NONBLOCK);
    open("folder/file/none", O_WRONLY | O_APPEND | O_DIRECTORY);
    open(NOWHERE, O_RDONLY);
    write(fd, "line one\nline\ttwo\0\1\02\0033\177\377\"\\", 25);
    memset(bytes, 'x', 100);
    pwrite(fd, bytes, 100, 100);
    pread(fd, bytes, 10, 0);
    lseek(fd, -5, SEEK_END);
    lseek(fd, 0, 77);
    read(fd, bytes, sizeof bytes);
    read(fd, bytes, sizeof bytes);
    read(fd, NOWHERE, 0);
    fstat(fd, &status);
    stat("folder/file", &status);
    lstat("folder/none", &status);
    ftruncate(fd, 10);
    truncate("folder/none", 10);
    fchmod(fd, 0600);
    chmod("folder/none", 07777);
    fchown(fd, -1, -1);
    symlink("file", "folder/link");
    readlink("folder/link", bytes, 100);
    readlink("folder/file", bytes, 100);
    link("folder/file", "folder/second");
    rename("folder/second", "folder/third");
    syscall(SYS_renameat2, AT_FDCWD, "folder/third", AT_FDCWD, "folder/file", 1);
    access("folder/file", R_OK | W_OK);
    access("folder/file", F_OK);
    faccessat(AT_FDCWD, "folder/none", X_OK, AT_EACCESS);
    utimensat(AT_FDCWD, "folder/file", times, 0);
    utimensat(AT_FDCWD, "folder/none", NULL, AT_SYMLINK_NOFOLLOW);
    fsync(fd);
    flock(fd, LOCK_EX | LOCK_NB);
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, O_RDWR | O_APPEND);
    fcntl(fd, F_GETFD);
    fcntl(fd, F_SETFD, 0);
    fcntl(fd, F_DUPFD, 20);
    fcntl(fd, F_DUPFD_CLOEXEC, 30);
    dup3(fd, 40, O_CLOEXEC);
    dup2(fd, fd);
    close(fd);
    close(fd);
    umask(027);
    umask(0);
    umask(7);
    unlinkat(AT_FDCWD, "folder", 0);
    unlink("folder/third");
    fd = open("folder", O_RDONLY | O_DIRECTORY);
    syscall(SYS_getdents64, fd, bytes, sizeof bytes);
    syscall(SYS_getdents64, fd, bytes, sizeof bytes);
    chdir("folder");
    fchdir(fd);
    chdir("..");
    close(fd);
    unlink("folder/link");
    unlink("folder/file");
    rmdir("folder");
}

static void pipes(void)
{
    struct iovec parts[3] = {{"one", 3}, {"", 0}, {"three\n", 6}};
    struct iovec room[2] = {{bytes, 4}, {bytes + 8, 90}};
    struct timespec moment = {0, 1000000};
    struct pollfd p[2];
    off_t at = 2;
    int ends[2], fd;
    fd_set set;

    pipe2(ends, O_NONBLOCK | O_CLOEXEC);
    read(ends[0], bytes, 5);
    p[0] = (struct pollfd){ends[0], POLLIN | POLLPRI, 0};
    p[1] = (struct pollfd){ends[1], POLLOUT, 0};
    poll(p, 1, 1);
    poll(p, 2, -1);
    writev(ends[1], parts, 3);
    writev(-1, parts, 3);
    poll(p, 2, -1);
    readv(ends[0], room, 2);
    write(ends[1], "again", 5);
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    syscall(SYS_select, ends[0] + 1, &set, NULL, NULL, NULL);
    FD_SET(ends[0], &set);
    syscall(SYS_pselect6, ends[0] + 1, &set, NULL, NULL, NULL, NULL);
    FD_SET(ends[0], &set);
    syscall(SYS_select, 0, NULL, &set, NULL, &moment);
    ioctl(ends[0], FIONREAD, bytes);
    ioctl(ends[0], TCGETS, bytes);
    ioctl(ends[0], TIOCGWINSZ, bytes);
    fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    write(fd, "content", 7);
    sendfile(ends[1], fd, &at, 3);
    sendfile(ends[1], fd, NULL, 3);
    close(fd);
    unlink("file");
    close(ends[1]);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
    nanosleep(&moment, NULL);
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &moment, NULL);
}

static void memory(void)
{
    char *area = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char there[2];

    mprotect(area, PAGE, PROT_NONE);
    mprotect(area, PAGE, PROT_READ | PROT_EXEC);
    madvise(area, PAGE, MADV_DONTNEED);
    mincore(area + PAGE, PAGE, there);
    area[2 * PAGE] = 1;
    mincore(area + 2 * PAGE, PAGE, there);
    munmap(area + 3 * PAGE, PAGE);
    mremap(area, PAGE, PAGE, 0);
    munmap(area, 3 * PAGE);
    mmap(NULL, 0, PROT_READ, MAP_SHARED, -1, 0);
    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, 99, 0x3000);
    msync(NULL, 0, MS_SYNC | MS_INVALIDATE);
}

static void others(void)
{
    struct rlimit limit = {0, 0};
    int ids[3];

    getrusage(77, NULL);
    getrlimit(RLIMIT_STACK, &limit);
    syscall(SYS_getrlimit, 77, &limit);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    prctl(PR_SET_NAME, "another");
    prctl(PR_GET_NAME, bytes);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    syscall(SYS_getresuid, &ids[0], &ids[1], &ids[2]);
    setreuid(-1, -1);
    getpriority(PRIO_PROCESS, 0);
    sched_yield();
    syscall(SYS_futex, bytes, FUTEX_WAKE_PRIVATE, 1);
    syscall(SYS_futex, bytes, FUTEX_WAIT, 77, NULL);
    syscall(SYS_futex, bytes, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 77, NULL, NULL, -1);
    syscall(SYS_futex, bytes, FUTEX_CMP_REQUEUE_PRIVATE, 1, 2, bytes + 8, 77);
    syscall(500, 1, 2, 3, 4, 5, 6);
    write(2, "told\n", 5);
}

static int most_is_below(long megabytes)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss < megabytes << 10;
}

static int count(void)
{
    long n = 10000000;

    __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n) : : "cc");
    return 0;
}

static int grow(size_t megabytes)
{
    char *area =
        mmap(NULL, megabytes << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memset(area, 1, megabytes << 20);
    return munmap(area, megabytes << 20);
}

static int beside(void *unused)
{
    char c;

    (void)unused;
    return read(0, &c, 1) == 1 ? 0 : 1;
}

static void *thread(void *unused)
{
    beside(unused);
    return NULL;
}

int main(int argc, char **argv)
{
    const char *part = argc > 1 ? argv[1] : "";
    pthread_t other;

    if (strcmp(part, "fault") == 0)
        return *(volatile char *)strtoul("8", NULL, 0);
    if (strcmp(part, "abort") == 0)
        abort();
    if (strcmp(part, "wait") == 0)
        return beside(NULL);
    if (strcmp(part, "memory") == 0)
        return grow(24) + grow(8) + most_is_below(24);
    if (strcmp(part, "count") == 0)
        return count();
    if (strcmp(part, "threads") == 0) {
        pthread_create(&other, NULL, thread, NULL);
        usleep(50000);
        write(1, "meanwhile\n", 10);
        return pthread_join(other, NULL);
    }
    close(-77);
    signals();
    names();
    pipes();
    memory();
    others();
    close(-77);
    return 7;
}

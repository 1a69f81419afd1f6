/* SPDX-License-Identifier: MIT */
/* What /proc tells of an emulator's threads; see processors.h. */
#define _GNU_SOURCE
#include "qemu/processors.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The first line of a file of a thread. */
static bool read_line(pid_t process, const char *thread, const char *name, char line[512])
{
    char path[128];
    FILE *f;
    bool good;

    snprintf(path, sizeof path, "/proc/%d/task/%s/%s", (int)process, thread, name);
    f = fopen(path, "re");
    if (!f)
        return false;
    good = fgets(line, 512, f) != NULL;
    fclose(f);
    return good;
}

/* Nanoseconds that a thread ran: to the nanosecond, or to the tick where the kernel does
 * not tell more (proc(5): fields 14 and 15, the 12th and 13th behind the name). */
static uint64_t thread_time(pid_t process, const char *thread)
{
    char line[512], *at;
    uint64_t ns = 0, user = 0, system = 0;

    if (read_line(process, thread, "schedstat", line) && sscanf(line, "%" SCNu64, &ns) == 1 && ns)
        return ns;
    if (!read_line(process, thread, "stat", line) || !(at = strrchr(line, ')')))
        return 0;
    if (sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &user,
            &system) != 2)
        return 0;
    return (user + system) * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* QEMU calls them "CPU 0/TCG", "CPU 0/KVM", or "ALL CPUs/TCG". */
static bool is_processor(pid_t process, const char *thread)
{
    char line[512];

    return read_line(process, thread, "comm", line) &&
           (strncmp(line, "CPU ", 4) == 0 || strncmp(line, "ALL CPUs", 8) == 0);
}

uint64_t processors_time(pid_t qemu)
{
    char path[64];
    struct dirent *entry;
    uint64_t ns = 0;
    DIR *threads;

    snprintf(path, sizeof path, "/proc/%d/task", (int)qemu);
    threads = opendir(path);
    while (threads && (entry = readdir(threads)) != NULL)
        if (entry->d_name[0] != '.' && is_processor(qemu, entry->d_name))
            ns += thread_time(qemu, entry->d_name);
    if (threads)
        closedir(threads);
    return ns;
}

/* SPDX-License-Identifier: MIT */
/* Small answers about the process and its system, and calls that there are not. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "say.h"

static void randomness(void)
{
    unsigned char a[64] = {0}, b[64] = {0}, zero[64] = {0};
    static unsigned char many[100000];
    void *volatile nowhere = (void *)8;
    int bits = 0;

    SAY(getrandom(a, 64, 0) == 64 && getrandom(b, 64, GRND_NONBLOCK) == 64);
    SAY(memcmp(a, b, 64) != 0 && memcmp(a, zero, 64) != 0);
    SAY(getrandom(many, sizeof(many), 0) == sizeof(many));
    for (unsigned i = 0; i < sizeof(many); i++)
        bits += __builtin_popcount(many[i]);
    SAY(bits > 395000 && bits < 405000);
    FAILS(getrandom(a, 10, 0x100), EINVAL);
    FAILS(getrandom(nowhere, 10, 0), EFAULT);
    SAY(getentropy(a, 32) == 0);
}

int main(void)
{
    struct utsname u;
    struct rlimit limit;
    struct sysinfo info;
    char name[16] = {0};
    cpu_set_t cpus;

    SAY(uname(&u) == 0);
    printf("%s %s\n", u.sysname, u.machine);
    SAY(syscall(SYS_gettid) == getpid());
    SAY(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 1024);
    SAY(getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur >= 8 << 20);
    SAY(prctl(PR_SET_NAME, "a name that is long") == 0 && prctl(PR_GET_NAME, name) == 0);
    printf("named \"%s\"\n", name);
    SAY(sysinfo(&info) == 0 && info.totalram > 0 && info.mem_unit > 0);
    SAY(sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) >= 1);
    SAY(sched_yield() == 0);
    SAY(setpriority(PRIO_PROCESS, 0, 0) == 0);
    FAILS(syscall(1000), ENOSYS);
    FAILS(syscall(SYS_tuxcall), ENOSYS);
    randomness();
    return 0;
}

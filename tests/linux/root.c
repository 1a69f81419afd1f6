/* SPDX-License-Identifier: MIT */
/* Who a program is: user 0 of a system of its own, whoever runs it here. */
#define _GNU_SOURCE
#include <grp.h>
#include <unistd.h>

#include "say.h"

int main(void)
{
    uid_t r, e, s;
    gid_t groups[4];

    SAY(getuid() == 0 && geteuid() == 0 && getgid() == 0 && getegid() == 0);
    SAY(getgroups(4, groups) == 1 && groups[0] == 0);
    SAY(getpgrp() == getpid() && getsid(0) == getpid());
    SAY(setresuid(1000, 1000, 0) == 0 && geteuid() == 1000);
    SAY(getresuid(&r, &e, &s) == 0 && r == 1000 && e == 1000 && s == 0);
    SAY(seteuid(0) == 0 && setuid(1000) == 0 && getuid() == 1000);
    FAILS(setuid(0), EPERM);
    return 0;
}

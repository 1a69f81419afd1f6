/* SPDX-License-Identifier: MIT */
/*
 * A look at KVM; see kvm.h.
 *
 * That /dev/kvm opens does not mean that it runs anything: a machine and a processor
 * are made for a try, which takes less than a millisecond.
 */
#include "kvm.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The processor can virtualize by itself. */
static bool processor_can(void)
{
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[4096];
    bool can = false;

    while (f && !can && fgets(line, sizeof line, f))
        can = strncmp(line, "flags", 5) == 0 &&
              (strstr(line, " vmx") != NULL || strstr(line, " svm") != NULL);
    if (f)
        fclose(f);
    return can;
}

/* NULL: a machine with a processor could be made; else what could not be done. errno
 * says why. */
static const char *kvm_trouble(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), machine = -1, processor = -1;
    const char *trouble = NULL;

    if (kvm < 0)
        trouble = "/dev/kvm cannot be opened";
    else if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        trouble = "/dev/kvm is something else";
    else if ((machine = ioctl(kvm, KVM_CREATE_VM, 0)) < 0)
        trouble = "/dev/kvm makes no machine";
    else if ((processor = ioctl(machine, KVM_CREATE_VCPU, 0)) < 0)
        trouble = "/dev/kvm makes no processor";
    for (int *fd = (int[]){processor, machine, kvm}, i = 0; i < 3; i++) {
        int error = errno;

        if (fd[i] >= 0)
            close(fd[i]);
        errno = error;
    }
    return trouble;
}

bool kvm_wanted(enum accel accel)
{
    const char *trouble;

    if (accel == ACCEL_TCG || (accel == ACCEL_AUTO && !processor_can()))
        return false;
    trouble = kvm_trouble();
    if (trouble && accel == ACCEL_KVM)
        fail(STATUS_FAILED, "--accel kvm: %s: %s; --accel tcg does without it", trouble,
            strerror(errno));
    return !trouble;
}

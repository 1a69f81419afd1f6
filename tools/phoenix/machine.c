/* SPDX-License-Identifier: MIT */
/* Starts and ends QEMU; see machine.h. */
#define _GNU_SOURCE
#include "machine.h"

#include "kvm.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 40
#define POLL_MS 5

static bool is_program(const char *path, int *error)
{
    struct stat status;

    if (stat(path, &status) != 0)
        *error = errno;
    else if (S_ISDIR(status.st_mode))
        *error = EISDIR;
    else if (!S_ISREG(status.st_mode))
        *error = EACCES; /* as execve has it for pipes and devices */
    else if (access(path, X_OK) != 0)
        *error = errno;
    else
        return true;
    return false;
}

char *program_find(const char *name, int *error)
{
    const char *path = getenv("PATH");

    *error = ENOENT;
    if (!*name)
        return NULL;
    if (strchr(name, '/'))
        return is_program(name, error) ? strdup(name) : NULL;
    for (path = path ? path : "/usr/bin:/bin"; *path; path += strspn(path, ":")) {
        size_t n = strcspn(path, ":");
        char *candidate;
        int found_error = ENOENT;

        if (n && asprintf(&candidate, "%.*s/%s", (int)n, path, name) >= 0) {
            if (is_program(candidate, &found_error))
                return candidate;
            free(candidate);
        }
        /* A file that may not be run tells more than one that is not there. */
        if (found_error == EACCES)
            *error = EACCES;
        path += n;
    }
    return NULL;
}

struct arguments {
    char *list[ARGUMENTS_MAX + 1];
    unsigned count;
};

static void argue(struct arguments *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void argue(struct arguments *a, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    if (a->count == ARGUMENTS_MAX || vasprintf(&a->list[a->count], format, list) < 0)
        fail(STATUS_FAILED, "out of memory");
    va_end(list);
    a->list[++a->count] = NULL;
}

/* How the module gets into memory, and how the kernel learns of it; see module.h. */
static void module_arguments(
    struct arguments *a, const struct machine_process *machine, const struct module *module)
{
    uint64_t base = module->trees_base - module->head_bytes;

    if (module->trees < 0) {
        argue(a, "-initrd");
        argue(a, "/proc/self/fd/%d", module->head);
        argue(a, "-append");
        argue(a, "console=framed exit=0xf4");
        return;
    }
    argue(a, "-object");
    argue(a, "memory-backend-file,id=ram,share=off,size=%" PRIu64 "M,mem-path=/proc/self/fd/%d",
        machine->memory >> 20, module->trees);
    argue(a, "-device");
    argue(a, "loader,force-raw=on,addr=0x%" PRIx64 ",file=/proc/self/fd/%d", base, module->head);
    argue(a, "-append");
    argue(a, "console=framed exit=0xf4 module=%016" PRIx64 "+%016" PRIx64, base,
        module_bytes(module));
}

/* A name, so that threads have theirs, and what counts. */
static void stats_arguments(struct arguments *a, const struct machine_process *machine)
{
    char *plugin = stats_plugin(machine->stats, machine->qemu, machine->kvm);

    argue(a, "-name");
    argue(a, "phoenix,debug-threads=on");
    if (!plugin)
        return;
    argue(a, "-plugin");
    argue(a, "%s", plugin);
    free(plugin);
}

static void machine_arguments(struct arguments *a, const struct machine_process *machine,
    const struct options *options, const char *kernel, const struct module *module)
{
    static const char *const machines[] = {
        [MACHINE_MICROVM] = "microvm,acpi=on,isa-serial=on,rtc=on",
        [MACHINE_Q35] = "q35",
        [MACHINE_PC] = "pc",
    };

    argue(a, "%s", machine->qemu);
    argue(a, "-nodefaults");
    argue(a, "-no-user-config");
    argue(a, "-no-reboot");
    argue(a, "-display");
    argue(a, "none");
    argue(a, "-M");
    argue(a, "%s%s", machines[options->machine], module->trees < 0 ? "" : ",memory-backend=ram");
    argue(a, "-accel");
    argue(a, "%s", machine->kvm ? "kvm" : "tcg");
    argue(a, "-cpu");
    argue(a, "%s", machine->kvm ? "host" : "max");
    argue(a, "-smp");
    argue(a, "%u", options->cpus);
    argue(a, "-m");
    argue(a, "%" PRIu64 "M", machine->memory >> 20);
    argue(a, "-kernel");
    argue(a, "%s", kernel);
    module_arguments(a, machine, module);
    argue(a, "-device");
    argue(a, "isa-debug-exit,iobase=0xf4,iosize=4");
    argue(a, "-chardev");
    argue(a, "stdio,id=com1,signal=off");
    argue(a, "-serial");
    argue(a, "chardev:com1");
    if (machine->stats)
        stats_arguments(a, machine);
}

static void pipe_pair(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        fail(STATUS_FAILED, "cannot make a pipe: %s", strerror(errno));
}

/* The module's descriptors, and what it counts in, are all that the emulator inherits
 * besides its three streams. Nothing here may allocate or print through stdio. */
static _Noreturn void become_machine(
    struct arguments *a, pid_t parent, int in, int out, int errors,
    const struct module *module, const struct stats *stats)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(STATUS_FAILED); /* it died before the line above */
    dup2(in, 0);
    dup2(out, 1);
    dup2(errors, 2);
    fcntl(module->head, F_SETFD, 0);
    if (module->trees >= 0)
        fcntl(module->trees, F_SETFD, 0);
    if (stats)
        stats_inherit(stats);
    execv(a->list[0], a->list);
    dprintf(2, "cannot run %s: %s\n", a->list[0], strerror(errno));
    _exit(STATUS_FAILED);
}

void machine_start(struct machine_process *machine, const struct options *options,
    const char *kernel, const struct module *module, uint64_t memory)
{
    const char *name = getenv("PHOENIX_QEMU");
    struct arguments a = {.count = 0};
    int error, in[2], out[2], errors[2];
    pid_t parent = getpid();

    name = name && *name ? name : "qemu-system-x86_64";
    machine->qemu = program_find(name, &error);
    if (!machine->qemu)
        fail(STATUS_FAILED, "%s: %s; `apt-get install qemu-system-x86` (as root) brings QEMU", name,
            strerror(error));
    machine->kvm = kvm_wanted(options->accel);
    machine->memory = memory;
    machine_arguments(&a, machine, options, kernel, module);
    pipe_pair(in);
    pipe_pair(out);
    pipe_pair(errors);
    fcntl(in[1], F_SETPIPE_SZ, 4096);
    machine->pid = fork();
    if (machine->pid < 0)
        fail(STATUS_FAILED, "cannot start a process: %s", strerror(errno));
    if (machine->pid == 0)
        become_machine(&a, parent, in[0], out[1], errors[1], module, machine->stats);
    close(in[0]);
    close(out[1]);
    close(errors[1]);
    machine->to = in[1];
    machine->from = out[0];
    machine->errors = errors[0];
    fcntl(machine->to, F_SETFL, O_NONBLOCK);
    fcntl(machine->from, F_SETFL, O_NONBLOCK);
    fcntl(machine->errors, F_SETFL, O_NONBLOCK);
    while (a.count)
        free(a.list[--a.count]);
}

int machine_end(struct machine_process *machine, unsigned patience_ms)
{
    int status = 0;

    for (unsigned waited = 0; waited < patience_ms; waited += POLL_MS) {
        if (waitpid(machine->pid, &status, WNOHANG) == machine->pid)
            return status;
        poll(NULL, 0, POLL_MS);
    }
    kill(machine->pid, SIGKILL);
    while (waitpid(machine->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

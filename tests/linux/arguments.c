/* SPDX-License-Identifier: MIT */
/* What a program is started with. */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "say.h"

static int constructed;

__attribute__((constructor)) static void construct(void)
{
    constructed++;
}

static void at_exit(void)
{
    puts("at exit");
}

int main(int argc, char **argv, char **envp)
{
    const char *path = (const char *)getauxval(AT_EXECFN);

    for (int i = 1; i < argc; i++)
        printf("argument %d is \"%s\"\n", i, argv[i]);
    SAY(argv[argc] == NULL);
    for (int i = 0; envp[i] != NULL; i++)
        printf("environment %d is \"%s\"\n", i, envp[i]);
    printf("HOME is %s\n", getenv("HOME") == NULL ? "not set" : getenv("HOME"));
    SAY(constructed == 1);
    SAY(getauxval(AT_PAGESZ) == 4096);
    SAY(sysconf(_SC_CLK_TCK) == 100);
    SAY(getauxval(AT_PHDR) != 0 && getauxval(AT_PHENT) == sizeof(Elf64_Phdr));
    SAY(path != NULL && strlen(path) > 0);
    SAY(getauxval(AT_RANDOM) != 0);
    SAY(getauxval(AT_SECURE) == 0);
    SAY(((uintptr_t)__builtin_frame_address(0) & 15) == 0);
    SAY(isatty(0) == 0 && isatty(1) == 0);
    SAY(getpid() > 0);
    atexit(at_exit);
    return 42;
}

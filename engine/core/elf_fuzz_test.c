/* SPDX-License-Identifier: MIT */
/*
 * What must be true of any bytes at all that are handed to the ELF reader. Runs
 * under libFuzzer (build/fuzz/engine/core/elf_fuzz_test, to which its own options
 * can be given), and elf_test.c calls it with mutated programs.
 */
#include "elf.h"

#include <phoenix/abi.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition) \
    do { \
        if (!(condition)) { \
            printf("FAIL elf.fuzz %s:%d %s\n", __FILE__, __LINE__, #condition); \
            fflush(stdout); \
            abort(); \
        } \
    } while (0)

static volatile uint64_t sum;

/* Every byte is looked at, so that the address sanitizer sees each range. */
static void touch(const uint8_t *data, uint64_t offset, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        sum += data[offset + i];
}

static void check_segments(const struct elf_info *info)
{
    struct elf_segment at;
    uint64_t end = 0;
    bool entry = false;
    unsigned i = 0;

    for (; elf_segment(info, i, &at); i++) {
        MUST(at.memory_size > 0 && at.file_size <= at.memory_size);
        MUST(at.address >= end);
        end = at.address + at.memory_size;
        MUST(end > at.address && end <= PHX_USER_END);
        MUST(at.address >= info->low && end <= info->high);
        MUST(at.align && !(at.align & (at.align - 1)) && at.align <= info->align);
        MUST(!at.file_size || at.address % PHX_PAGE_SIZE == at.offset % PHX_PAGE_SIZE);
        touch(info->image, at.offset, at.file_size);
        entry |= (at.flags & ELF_EXECUTE) && info->entry >= at.address && info->entry < end;
    }
    MUST(entry && i > 0 && i == info->segment_count);
}

static void check_info(const struct elf_info *info)
{
    check_segments(info);
    MUST(info->low % PHX_PAGE_SIZE == 0 && info->high % PHX_PAGE_SIZE == 0);
    MUST(info->low < info->high && info->high <= PHX_USER_END);
    MUST(info->align >= PHX_PAGE_SIZE && !(info->align & (info->align - 1)));
    touch(info->image, info->phdr_offset, (uint64_t)info->phdr_count * ELF_PHDR_SIZE);
    MUST(!info->phdr_address ||
         (info->phdr_address >= info->low && info->phdr_address < info->high));
    MUST(info->tls.file_size <= info->tls.memory_size);
    touch(info->image, info->tls.offset, info->tls.file_size);
    MUST(!info->relro.memory_size ||
         (info->relro.address >= info->low &&
          info->relro.address + info->relro.memory_size <= info->high));
    touch(info->image, info->interpreter.offset, info->interpreter.file_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_info info;
    struct elf_script script;
    enum elf_error error = elf_check(data, size, &info);

    MUST(error < ELF_ERRORS && elf_error_text(error));
    if (error == ELF_OK || error == ELF_DYNAMIC) {
        check_info(&info);
        MUST((error == ELF_DYNAMIC) == (info.interpreter.file_size > 0));
    }
    if (elf_script(data, size, &script)) {
        MUST(error == ELF_SCRIPT && script.interpreter_size > 0);
        touch(data, script.interpreter, script.interpreter_size);
        touch(data, script.argument, script.argument_size);
    }
    return 0;
}

static void say_ok(void)
{
    printf("ok elf.fuzz\n");
}

/* Without arguments, a short run that is the same every time. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char runs[] = "-runs=400000", seed[] = "-seed=1", length[] = "-max_len=512",
                profile[] = "-use_value_profile=1";
    static char *arguments[] = {NULL, runs, seed, length, profile, NULL};

    if (*argc == 1) {
        arguments[0] = (*argv)[0];
        *argv = arguments;
        *argc = sizeof(arguments) / sizeof(*arguments) - 1;
        atexit(say_ok);
    }
    return 0;
}

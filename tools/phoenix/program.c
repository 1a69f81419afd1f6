/* SPDX-License-Identifier: MIT */
/* Looks at a program and packs a system around it; see program.h. */
#define _GNU_SOURCE
#include "program.h"

#include "elf.h"
#include "machine.h"
#include "mkmanifest/pack.h"
#include "mkmanifest/refuse.h"
#include "say.h"

#include <errno.h>
#include <linux/elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *machine_name(unsigned machine)
{
    static const struct {
        unsigned machine;
        const char *name;
    } names[] = {{EM_386, "i386"}, {EM_ARM, "arm"}, {EM_AARCH64, "aarch64"}, {EM_RISCV, "riscv"},
        {EM_PPC64, "ppc64"}, {EM_S390, "s390x"}, {EM_MIPS, "mips"}, {EM_X86_64, "x32"}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].machine == machine)
            return names[i].name;
    return must_format("machine number %u", machine);
}

static _Noreturn void refuse_dynamic(const char *path, const struct elf_info *info)
{
    fail(STATUS_CANNOT_RUN,
        "%s is a dynamic program (it asks for %.*s); link it with -static to run it here", path,
        (int)info->interpreter.file_size, (const char *)info->image + info->interpreter.offset);
}

static _Noreturn void refuse_script(const char *path, const void *image, uint64_t size)
{
    struct elf_script script;

    if (elf_script(image, size, &script))
        fail(STATUS_CANNOT_RUN,
            "%s is a script; run its interpreter instead (%.*s), if it is static", path,
            (int)script.interpreter_size, (const char *)image + script.interpreter);
    fail(STATUS_CANNOT_RUN, "%s is a script; run its interpreter instead", path);
}

static void check_image(const char *path, const void *image, uint64_t size)
{
    struct elf_info info;
    enum elf_error error = elf_check(image, size, &info);
    const struct elf64_hdr *header = image;

    switch (error) {
    case ELF_OK:
        break;
    case ELF_DYNAMIC:
        refuse_dynamic(path, &info);
    case ELF_SCRIPT:
        refuse_script(path, image, size);
    case ELF_TOO_SHORT:
    case ELF_BAD_MAGIC:
        fail(STATUS_CANNOT_RUN, "%s is not an ELF program", path);
    case ELF_NOT_64_BIT:
    case ELF_NOT_LITTLE_ENDIAN:
    case ELF_NOT_X86_64:
        fail(STATUS_CANNOT_RUN,
            "%s is a program for another machine (%s); x86-64 is what runs here", path,
            machine_name(error == ELF_NOT_LITTLE_ENDIAN ? __builtin_bswap16(header->e_machine)
                                                        : header->e_machine));
    default:
        fail(STATUS_CANNOT_RUN, "%s cannot be run: %s", path, elf_error_text(error));
    }
    if (info.os_abi != ELFOSABI_NONE && info.os_abi != ELFOSABI_LINUX)
        fail(STATUS_CANNOT_RUN, "%s is a program for another system (ELF OS ABI %u)", path,
            info.os_abi);
}

char *program_check(const char *name)
{
    int error;
    char *path = program_find(name, &error);
    struct blob *blob;

    if (!path && (error == ENOENT || error == ENOTDIR))
        fail(STATUS_NOT_FOUND, "%s: no such program on this host", name);
    if (!path)
        fail(STATUS_CANNOT_RUN, "%s cannot be run: %s", name, strerror(error));
    if (access(path, R_OK) != 0)
        fail(STATUS_CANNOT_RUN, "%s cannot be read: %s", path, strerror(errno));
    blob = blob_of_file(path, "the program");
    check_image(path, blob_map(blob), blob->size);
    return path;
}

static void add_image(
    struct package *package, const char *name, const char *images, const char *file)
{
    char *path = must_format("%s/%s", images, file);

    if (access(path, R_OK) != 0)
        fail(STATUS_FAILED, "%s is missing; `make` builds it", path);
    package_add_binary(package, name, blob_of_file(path, "the system"));
}

static struct run *run_of(const struct options *options)
{
    struct run *run = must_allocate(sizeof *run);

    run->program = must_copy("program");
    run->directory = must_copy(options->directory);
    run->scratch = options->scratch;
    for (char **word = options->program; *word; word++)
        strings_add(&run->arguments, *word);
    for (size_t i = 0; i < options->environment_count; i++)
        strings_add(&run->environment, options->environment[i]);
    return run;
}

int module_for_program(
    const struct options *options, const char *program, const char *images, uint64_t *size)
{
    static const char *const grants[] = {
        "account", "pool", "console", "clock", "entropy", "power", "log", "bootPackage"};
    struct package package = {.name = must_copy("run"), .init_binary = must_copy("init")};
    int fd = memfd_create("module", MFD_CLOEXEC);

    if (fd < 0)
        fail(STATUS_FAILED, "cannot make a file in memory: %s", strerror(errno));
    for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++)
        strings_add(&package.init_capabilities, grants[i]);
    add_image(&package, "init", images, "boot/init.elf");
    add_image(&package, "libos", images, "boot/libos.elf");
    if (options->mount_count || options->scratch)
        add_image(&package, "ramfs", images, "boot/ramfs.elf");
    package_add_binary(&package, "program", blob_of_file(program, "the program"));
    if (options->mount_count)
        package.tree = tree_new();
    for (size_t i = 0; i < options->mount_count; i++)
        tree_add_host(package.tree, options->mounts[i].host, options->mounts[i].guest, "--ro");
    package.run = run_of(options);
    *size = pack_write(&package, fd);
    return fd;
}

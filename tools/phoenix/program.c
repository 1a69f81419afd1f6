/* SPDX-License-Identifier: MIT */
/* Looks at a program and packs a system around it; see program.h. */
#define _GNU_SOURCE
#include "program.h"

#include "elf/elf.h"
#include "machine.h"
#include "mkmanifest/refuse.h"
#include "say.h"
#include "script.h"

#include <errno.h>
#include <limits.h>
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

/* A name that the file's author chose: one that does nothing to a terminal. */
static const char *harmless(const char *name, uint64_t size)
{
    char *text = must_format("%.*s", (int)(size < PATH_MAX ? size : PATH_MAX), name);

    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    return text;
}

static void refuse_script(const char *path, const char *image, uint64_t size)
{
    struct script script;

    if (size < 2 || memcmp(image, "#!", 2) != 0)
        return;
    if (script_parse(image, size, &script))
        fail(STATUS_CANNOT_RUN,
            "%s is a script; run its interpreter instead (%s), if it is static", path,
            harmless(image + script.interpreter, script.interpreter_size));
    fail(STATUS_CANNOT_RUN, "%s is a script; run its interpreter instead", path);
}

static void refuse_other_machine(const char *path, const struct elf64_hdr *header, uint64_t size)
{
    const unsigned char *ident = header->e_ident;

    if (size < sizeof *header || memcmp(ident, ELFMAG, SELFMAG) != 0)
        fail(STATUS_CANNOT_RUN, "%s is not an ELF program", path);
    if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != EM_X86_64)
        fail(STATUS_CANNOT_RUN,
            "%s is a program for another machine (%s); x86-64 is what runs here", path,
            machine_name(ident[EI_DATA] == ELFDATA2MSB ? __builtin_bswap16(header->e_machine)
                                                       : header->e_machine));
}

/* Whatever else may be wrong, this is what its user can do something about. */
static void refuse_dynamic(const char *path, const char *image, uint64_t size)
{
    const struct elf64_hdr *header = (const void *)image;
    struct elf64_phdr phdr;

    for (uint64_t i = 0; i < header->e_phnum; i++) {
        uint64_t at = header->e_phoff + i * sizeof phdr;

        if (at > size || size - at < sizeof phdr)
            return;
        memcpy(&phdr, image + at, sizeof phdr);
        if (phdr.p_type == PT_INTERP && phdr.p_offset <= size &&
            phdr.p_filesz <= size - phdr.p_offset && phdr.p_filesz <= PATH_MAX)
            fail(STATUS_CANNOT_RUN,
                "%s is a dynamic program (it asks for %s); link it with -static to run it here",
                path, harmless(image + phdr.p_offset, phdr.p_filesz));
    }
}

static void check_image(const char *path, const void *image, uint64_t size)
{
    const struct elf64_hdr *header = image;
    struct elf_info info;
    const char *wrong;

    refuse_script(path, image, size);
    refuse_other_machine(path, header, size);
    refuse_dynamic(path, image, size);
    wrong = elf_check(image, size, &info);
    if (wrong)
        fail(STATUS_CANNOT_RUN, "%s cannot be run: %s", path, wrong);
    if (header->e_ident[EI_OSABI] != ELFOSABI_NONE && header->e_ident[EI_OSABI] != ELFOSABI_LINUX)
        fail(STATUS_CANNOT_RUN, "%s is a program for another system (ELF OS ABI %u)", path,
            header->e_ident[EI_OSABI]);
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

void part_refuse(const char *path)
{
    if (errno == ENOENT)
        fail(STATUS_FAILED, "%s is missing; `make` builds it", path);
    fail(STATUS_FAILED, "cannot read %s: %s", path, strerror(errno));
}

static void add_image(
    struct package *package, const char *name, const char *images, const char *file)
{
    char *path = must_format("%s/%s", images, file);

    if (access(path, R_OK) != 0)
        part_refuse(path);
    package_add_binary(package, name, blob_of_file(path, "the system"));
}

static struct run *run_of(const struct options *options)
{
    struct run *run = must_allocate(sizeof *run);

    run->program = must_copy("program");
    run->directory = must_copy(options->directory);
    run->scratch = options->scratch;
    run->trace_calls = options->trace_calls;
    run->stats = options->stats;
    for (char **word = options->program; *word; word++)
        strings_add(&run->arguments, *word);
    for (size_t i = 0; i < options->environment_count; i++)
        strings_add(&run->environment, options->environment[i]);
    return run;
}

void module_for_program(struct module *module, const struct options *options,
    const char *program, const char *images)
{
    static const char *const grants[] = {
        "account", "pool", "console", "clock", "entropy", "power", "log", "bootPackage",
        "ioPort", "irq"};
    struct package package = {.name = must_copy("run"), .init_binary = must_copy("init")};

    for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++)
        strings_add(&package.init_capabilities, grants[i]);
    add_image(&package, "init", images, "boot/init.elf");
    add_image(&package, "console", images, "boot/console.elf");
    add_image(&package, "libos", images, "boot/libos.elf");
    if (options->mount_count || options->scratch)
        add_image(&package, "ramfs", images, "boot/ramfs.elf");
    package_add_binary(&package, "program", blob_of_file(program, "the program"));
    if (options->mount_count)
        package.tree = tree_new();
    for (size_t i = 0; i < options->mount_count; i++)
        tree_add_host(package.tree, options->mounts[i].host, options->mounts[i].guest, "--ro");
    package.run = run_of(options);
    module_make(module, &package);
}

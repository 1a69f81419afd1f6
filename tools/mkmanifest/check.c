/* SPDX-License-Identifier: MIT */
/* References inside a package; see check.h. */
#include "check.h"

#include "boot.h"
#include "elf/elf.h"
#include "manifest/names.h"
#include "manifest/program.h"
#include "place.h"
#include "refuse.h"

#include <string.h>

char *listed(const char *before, const char *name)
{
    return must_format("%s%s%s", before, *before ? ", " : "", name);
}

static char *binaries_of(const struct package *package)
{
    char *names = must_copy("");

    for (size_t i = 0; i < package->binary_count; i++)
        names = listed(names, package->binaries[i].name);
    return *names ? names : must_copy("none");
}

/* Init, services and programs must be static programs for here. */
static void check_binary(const struct package *package, size_t i)
{
    const struct binary *binary = &package->binaries[i], *first;
    struct elf_info info;
    const char *wrong;

    first = package_binary(package, binary->name);
    if (first != binary)
        refuse_at(must_format("binaries[%zu].name", i), "`%s` is there twice; line %u has it too",
            binary->name, place_line(must_format("binaries[%zu].name", first - package->binaries)));
    wrong = elf_check(blob_map(binary->blob), binary->blob->size, &info);
    if (wrong)
        refuse_at(must_format("binaries[%zu].file", i),
            "%s cannot be run: %s; a static program for x86-64 is expected", binary->blob->path,
            wrong);
}

static const struct blob *check_reference(
    const struct package *package, const char *path, const char *name)
{
    const struct binary *binary = package_binary(package, name);

    if (!binary)
        refuse_at(path, "`%s` is not in binaries; there are %s", name, binaries_of(package));
    return binary->blob;
}

/* Init and services; a Linux program can be linked elsewhere, or nowhere. */
static void check_native(const struct package *package, const char *path, const char *name,
    const char *(*problem)(const void *image, uint64_t size))
{
    const struct blob *blob = check_reference(package, path, name);
    const char *wrong = problem(blob_map(blob), blob->size);

    if (wrong)
        refuse_at(path, "`%s` cannot be run here: %s; a native program is expected", name, wrong);
}

static void check_capability(const struct package *package, size_t i)
{
    const struct strings *names = &package->init_capabilities;
    char *path = must_format("init.capabilities[%zu]", i), *all = must_copy("");

    for (const struct kernel_grant *grant = kernel_grants; grant->name; grant++)
        all = listed(all, grant->name);
    if (!interface_of_grant(names->list[i]))
        refuse_at(path, "the kernel grants no `%s`; it grants %s", names->list[i], all);
    for (size_t k = 0; k < i; k++)
        if (strcmp(names->list[k], names->list[i]) == 0)
            refuse_at(path, "`%s` is there twice; once is expected", names->list[i]);
}

/* What init cannot start anything without. */
static void check_init(const struct package *package)
{
    static const char *const needed[] = {"account", "pool", "bootPackage"};

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!strings_have(&package->init_capabilities, needed[i]))
            refuse_at("init.capabilities", "`%s` is missing; init needs it to start something",
                needed[i]);
}

static void check_run(const struct package *package, const struct run *run)
{
    check_reference(package, "run.program", run->program);
    if (!package_binary(package, "libos"))
        refuse_at("binaries", "`libos` is missing; a Linux program needs it");
    if (!package_binary(package, "console"))
        refuse_at("binaries", "`console` is missing; a program's input needs it");
    if ((package->tree || run->scratch) && !package_binary(package, "ramfs"))
        refuse_at("binaries", "`ramfs` is missing; files and scratch space need it");
    if (!strings_have(&package->init_capabilities, "console"))
        refuse_at("init.capabilities", "`console` is missing; a program needs it");
    if (!strings_have(&package->init_capabilities, "irq"))
        refuse_at("init.capabilities", "`irq` is missing; the console's driver needs it");
    if (run->arguments.count == 0)
        refuse_at("run.arguments", "the program's name is expected, and then its arguments");
    if (run->directory[0] != '/')
        refuse_at("run.directory", "`%s` does not begin with a slash; an absolute path is expected",
            run->directory);
    for (size_t i = 0; i < run->environment.count; i++)
        if (strchr(run->environment.list[i], '=') == NULL || run->environment.list[i][0] == '=')
            refuse_at(must_format("run.environment[%zu]", i), "`%s`; NAME=VALUE is expected",
                run->environment.list[i]);
}

void package_check(const struct package *package)
{
    for (size_t i = 0; i < package->binary_count; i++)
        check_binary(package, i);
    check_native(package, "init.binary", package->init_binary, boot_problem);
    for (size_t i = 0; i < package->init_capabilities.count; i++)
        check_capability(package, i);
    for (size_t i = 0; i < package->service_count; i++)
        check_native(package, must_format("services[%zu].binary", i),
            package->services[i].binary, native_problem);
    if (package->service_count || package->run)
        check_init(package);
    package_check_services(package);
    if (package->run)
        check_run(package, package->run);
    /* The schema of manifests is stricter than all this where it has to be told in CUE. */
    if (package->refused)
        refuse("%s", package->refused);
}

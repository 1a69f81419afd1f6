/* SPDX-License-Identifier: MIT */
/* References inside a package; see check.h. */
#include "check.h"

#include "elf.h"
#include "interfaces.inc.c"
#include "refuse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE_INTERFACES 64 /* from this number on, services serve them */

/* What the kernel can grant, and which interface that is. */
static const struct {
    const char *name;
    uint16_t interface;
} kernel_grants[] = {
    {"account", IFACE_ACCOUNT},
    {"pool", IFACE_FRAME_POOL},
    {"console", IFACE_CONSOLE},
    {"clock", IFACE_CLOCK},
    {"entropy", IFACE_ENTROPY},
    {"power", IFACE_POWER},
    {"log", IFACE_LOG},
    {"bootPackage", IFACE_BOOT_PACKAGE},
};
#define KERNEL_GRANTS (sizeof kernel_grants / sizeof kernel_grants[0])

static const struct phx_interface_info *interface_by_number(uint16_t number)
{
    for (size_t i = 0; i < PHX_INTERFACES; i++)
        if (phx_interfaces[i].number == number)
            return &phx_interfaces[i];
    return NULL;
}

/* A service provides an interface under its name with a small first letter. */
static const struct phx_interface_info *interface_by_provided(const char *name)
{
    for (size_t i = 0; i < PHX_INTERFACES; i++) {
        const char *of = phx_interfaces[i].name;

        if (phx_interfaces[i].number >= SERVICE_INTERFACES &&
            tolower((unsigned char)of[0]) == name[0] && strcmp(of + 1, name + 1) == 0)
            return &phx_interfaces[i];
    }
    return NULL;
}

static const struct phx_interface_info *interface_of_kernel_grant(const char *name)
{
    for (size_t i = 0; i < KERNEL_GRANTS; i++)
        if (strcmp(kernel_grants[i].name, name) == 0)
            return interface_by_number(kernel_grants[i].interface);
    return NULL;
}

static const struct service *provider_of(const struct package *package, const char *name)
{
    for (size_t i = 0; i < package->service_count; i++)
        if (strings_have(&package->services[i].provides, name))
            return &package->services[i];
    return NULL;
}

static bool interface_has(const struct phx_interface_info *interface, const char *name)
{
    for (size_t i = 0; i < interface->method_count; i++)
        if (strcmp(interface->methods[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < interface->facet_count; i++)
        if (strcmp(interface->facets[i].name, name) == 0)
            return true;
    return false;
}

/* "read, write, READ": what would have been right. */
static char *interface_names(const struct phx_interface_info *interface)
{
    char *names = must_copy("");

    for (size_t i = 0; i < interface->method_count; i++)
        names = must_format("%s%s%s", names, *names ? ", " : "", interface->methods[i].name);
    for (size_t i = 0; i < interface->facet_count; i++)
        names = must_format("%s, %s", names, interface->facets[i].name);
    return names;
}

static void check_methods(
    const struct grant *grant, const struct phx_interface_info *interface, const char *where)
{
    for (size_t i = 0; i < grant->methods.count; i++) {
        const char *name = grant->methods.list[i];

        if (!interface_has(interface, name) &&
            !interface_has(interface_by_number(IFACE_CAPABILITY), name))
            refuse("%s.methods[%zu]: %s has no method or facet `%s`; it has %s", where, i,
                interface->name, name, interface_names(interface));
    }
}

static void check_grant(const struct package *package, const struct service *service,
    const struct grant *grant, const char *where)
{
    const struct service *provider = provider_of(package, grant->source);
    const struct phx_interface_info *interface = interface_of_kernel_grant(grant->source);

    if (interface) {
        if (!strings_have(&package->init_capabilities, grant->source))
            refuse("%s.source: init itself is not given `%s`; add it to init.capabilities", where,
                grant->source);
    } else if (!provider) {
        refuse("%s.source: nothing is called `%s`; it is neither a kernel grant nor in the "
               "`provides` of a service",
            where, grant->source);
    } else if (provider == service) {
        refuse("%s.source: `%s` is what this service itself provides", where, grant->source);
    } else {
        interface = interface_by_provided(grant->source);
    }
    check_methods(grant, interface, where);
}

static void check_unique(const struct strings *names, const char *where)
{
    for (size_t i = 0; i < names->count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(names->list[i], names->list[j]) == 0)
                refuse("%s[%zu]: `%s` is there twice", where, i, names->list[i]);
}

/* Init, services and programs must be static programs for here. */
static void check_binary(const struct binary *binary, const char *where)
{
    struct elf_info info;
    const char *wrong = elf_check(blob_map(binary->blob), binary->blob->size, &info);

    if (wrong)
        refuse("%s: %s cannot be run: %s", where, binary->blob->path, wrong);
}

static void check_provides(
    const struct package *package, const struct service *service, const char *where)
{
    check_unique(&service->provides, must_format("%s.provides", where));
    for (size_t i = 0; i < service->provides.count; i++) {
        const char *name = service->provides.list[i];

        if (interface_of_kernel_grant(name))
            refuse("%s.provides[%zu]: `%s` is a kernel grant's name", where, i, name);
        if (!interface_by_provided(name))
            refuse("%s.provides[%zu]: no interface is called `%s`; a service provides one under "
                   "its name with a small first letter",
                where, i, name);
        if (provider_of(package, name) != service)
            refuse("%s.provides[%zu]: `%s` is provided by another service too", where, i, name);
    }
}

static void check_grants(
    const struct package *package, const struct service *service, const char *where)
{
    for (size_t i = 0; i < service->grant_count; i++) {
        char *at = must_format("%s.grants[%zu]", where, i);

        for (size_t j = 0; j < i; j++)
            if (strcmp(service->grants[i].name, service->grants[j].name) == 0)
                refuse("%s.name: `%s` is there twice", at, service->grants[i].name);
        check_grant(package, service, &service->grants[i], at);
    }
}

/* What all provide comes before what any is granted, which is looked up there. */
static void check_services(const struct package *package, const char *file)
{
    for (size_t i = 0; i < package->service_count; i++) {
        const struct service *service = &package->services[i];
        char *where = must_format("%s: services[%zu]", file, i);

        for (size_t j = 0; j < i; j++)
            if (strcmp(package->services[j].name, service->name) == 0)
                refuse("%s.name: `%s` is there twice", where, service->name);
        if (!package_binary(package, service->binary))
            refuse("%s.binary: `%s` is not in binaries", where, service->binary);
        check_provides(package, service, where);
    }
    for (size_t i = 0; i < package->service_count; i++)
        check_grants(package, &package->services[i], must_format("%s: services[%zu]", file, i));
}

/* Whether all that a service is granted comes from the kernel or from services
 * that have started. */
static bool can_start(
    const struct package *package, const struct service *service, const bool *started)
{
    for (size_t i = 0; i < service->grant_count; i++) {
        const struct service *provider = provider_of(package, service->grants[i].source);

        if (provider && !started[provider - package->services])
            return false;
    }
    return true;
}

static void check_order(const struct package *package, const char *file)
{
    size_t n = package->service_count, left = n;
    bool *started = must_allocate(n + 1);

    for (bool progress = true; progress;) {
        progress = false;
        for (size_t i = 0; i < n; i++) {
            if (started[i] || !can_start(package, &package->services[i], started))
                continue;
            started[i] = progress = true;
            left--;
        }
    }
    for (size_t i = 0; left && i < n; i++)
        if (!started[i])
            refuse("%s: services[%zu]: `%s` can never start: what it is granted comes, in the "
                   "end, from itself",
                file, i, package->services[i].name);
    free(started);
}

static void check_init(const struct package *package, const char *file)
{
    struct binary *init = package_binary(package, package->init_binary);

    if (!init)
        refuse("%s: init.binary: `%s` is not in binaries", file, package->init_binary);
    check_unique(&package->init_capabilities, must_format("%s: init.capabilities", file));
    for (size_t i = 0; i < package->init_capabilities.count; i++)
        if (!interface_of_kernel_grant(package->init_capabilities.list[i]))
            refuse("%s: init.capabilities[%zu]: the kernel grants no `%s`", file, i,
                package->init_capabilities.list[i]);
}

void package_check(const struct package *package, const char *file)
{
    for (size_t i = 0; i < package->binary_count; i++) {
        const char *name = package->binaries[i].name;
        char *where = must_format("%s: binaries[%zu]", file, i);

        if (package_binary(package, name) != &package->binaries[i])
            refuse("%s.name: `%s` is there twice", where, name);
        check_binary(&package->binaries[i], where);
    }
    check_init(package, file);
    check_services(package, file);
    check_order(package, file);
    if (package->run && !package_binary(package, package->run->program))
        refuse("%s: run.program: `%s` is not in binaries", file, package->run->program);
}

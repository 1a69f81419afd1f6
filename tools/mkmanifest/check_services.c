/* SPDX-License-Identifier: MIT */
/* Services, what each is granted and provides, and who needs whom; see check.h. */
#include "check.h"

#include "manifest/names.h"
#include "place.h"
#include "refuse.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* "services[2].grants[0].name" */
#define GRANT_AT(s, g, field) must_format("services[%zu].grants[%zu]." field, (s), (g))

static const struct service *provider_of(const struct package *package, const char *name)
{
    for (size_t i = 0; i < package->service_count; i++)
        if (strings_have(&package->services[i].provides, name))
            return &package->services[i];
    return NULL;
}

/* --- what would have been right ------------------------------------------------------ */

static char *methods_of(const struct phx_interface_info *interface)
{
    char *names = must_copy("");

    for (size_t i = 0; i < interface->method_count; i++)
        names = listed(names, interface->methods[i].name);
    for (size_t i = 0; i < interface->facet_count; i++)
        names = listed(names, interface->facets[i].name);
    return names;
}

static char *sources_of(const struct package *package)
{
    char *names = must_copy("");

    for (size_t i = 0; i < package->init_capabilities.count; i++)
        names = listed(names, package->init_capabilities.list[i]);
    for (size_t i = 0; i < package->service_count; i++)
        for (size_t k = 0; k < package->services[i].provides.count; k++)
            names = listed(names, package->services[i].provides.list[k]);
    return *names ? names : must_copy("none");
}

/* What services can provide: interfaces that the kernel does not serve. */
static char *interfaces(void)
{
    char *names = must_copy("");

    for (size_t i = 0; phx_interfaces[i].name; i++) {
        char *name = must_copy(phx_interfaces[i].name);

        name[0] = (char)tolower((unsigned char)name[0]);
        if (interface_of_provided(name))
            names = listed(names, name);
    }
    return names;
}

/* --- grants -------------------------------------------------------------------------- */

static void check_grant_name(const struct service *service, size_t s, size_t g)
{
    const struct grant *grant = &service->grants[g];
    char *path = GRANT_AT(s, g, "name");

    for (size_t i = 0; i < g; i++)
        if (strcmp(service->grants[i].name, grant->name) == 0)
            refuse_at(path, "`%s` is there twice; line %u has it too", grant->name,
                place_line(GRANT_AT(s, i, "name")));
    if (name_is_own(grant->name))
        refuse_at(path, "`%s` is what a process has of its own; another name is expected",
            grant->name);
    if (strcmp(grant->name, "pool") == 0 && strcmp(grant->source, "pool") != 0)
        refuse_at(path, "`pool` is always that of its account; another name is expected");
}

/* Which interface its source has. */
static const struct phx_interface_info *check_source(
    const struct package *package, const struct service *service, size_t s, size_t g)
{
    const char *source = service->grants[g].source;
    const struct service *provider = provider_of(package, source);
    char *path = GRANT_AT(s, g, "source");

    if (interface_of_grant(source)) {
        if (!strings_have(&package->init_capabilities, source))
            refuse_at(path, "init itself is not given `%s`; add it to init.capabilities", source);
        return interface_of_grant(source);
    }
    if (!provider)
        refuse_at(path, "nothing is called `%s`; there are %s", source, sources_of(package));
    if (provider == service)
        refuse_at(path, "`%s` is what this service itself provides; another may be granted it",
            source);
    return interface_of_provided(source);
}

/* Two services that have one thing are two drivers of one device. */
static void check_overlap(const struct package *package, size_t s, size_t g)
{
    const struct grant *grant = &package->services[s].grants[g];

    for (size_t i = 0; i <= s; i++)
        for (size_t k = 0; k < (i == s ? g : package->services[i].grant_count); k++) {
            const struct grant *other = &package->services[i].grants[k];

            if (strcmp(other->source, grant->source) == 0 &&
                other->first < grant->first + grant->count &&
                grant->first < other->first + other->count)
                refuse_at(GRANT_AT(s, g, "first"), "some of it is also granted in line %u",
                    place_line(GRANT_AT(i, k, "first")));
        }
}

static void check_range(const struct package *package, size_t s, size_t g,
    const struct phx_interface_info *interface)
{
    const struct grant *grant = &package->services[s].grants[g];

    if (!has_ranges(interface) && (grant->count || grant->first))
        refuse_at(GRANT_AT(s, g, "count"), "there are no ranges of `%s`; leave first and count out",
            grant->source);
    if (has_ranges(interface) && !grant->count)
        refuse_at(GRANT_AT(s, g, "source"),
            "`%s` is granted by the range; first and count are expected", grant->source);
    if (has_ranges(interface))
        check_overlap(package, s, g);
}

static void check_grant(
    const struct package *package, const struct service *service, size_t s, size_t g)
{
    const struct strings *methods = &service->grants[g].methods;
    const struct phx_interface_info *interface;

    check_grant_name(service, s, g);
    interface = check_source(package, service, s, g);
    for (size_t i = 0; i < methods->count; i++)
        if (methods_named(interface, methods->list[i]) == 0)
            refuse_at(must_format("services[%zu].grants[%zu].methods[%zu]", s, g, i),
                "%s has no method or facet `%s`; it has %s", interface->name, methods->list[i],
                methods_of(interface));
    check_range(package, s, g, interface);
}

/* --- services ------------------------------------------------------------------------ */

static void check_provides(const struct package *package, const struct service *service, size_t s)
{
    for (size_t i = 0; i < service->provides.count; i++) {
        const char *name = service->provides.list[i];
        const struct service *provider = provider_of(package, name);
        char *path = must_format("services[%zu].provides[%zu]", s, i);

        for (size_t k = 0; k < i; k++)
            if (strcmp(service->provides.list[k], name) == 0)
                refuse_at(path, "`%s` is there twice; once is expected", name);
        if (interface_of_grant(name))
            refuse_at(path, "`%s` is a kernel grant's name; a service can provide %s", name,
                interfaces());
        if (!interface_of_provided(name))
            refuse_at(path, "no interface is called `%s`; a service can provide %s", name,
                interfaces());
        if (provider != service)
            refuse_at(path, "`%s` is provided by another service too, `%s`; by one is expected",
                name, provider->name);
    }
}

/* As init sees it: an account of its own needs all three limits. */
static void check_limits(const struct service *service, size_t s)
{
    static const char together[] = "%" PRIu64 ", but pages is %" PRIu64
                                   "; either pages, holds and threads are given, or none";

    if ((service->pages != 0) != (service->holds != 0))
        refuse_at(must_format("services[%zu].holds", s), together, service->holds, service->pages);
    if ((service->pages != 0) != (service->threads != 0))
        refuse_at(
            must_format("services[%zu].threads", s), together, service->threads, service->pages);
    if (service->grant_count > GRANTS_MAX)
        refuse_at(must_format("services[%zu].grants", s), "%zu of them; at most %d are expected",
            service->grant_count, GRANTS_MAX);
}

/* --- order --------------------------------------------------------------------------- */

/* A service that this one needs and that has not started; NULL: it can start. */
static const struct service *waits_for(
    const struct package *package, const struct service *service, const bool *started)
{
    for (size_t i = 0; i < service->grant_count; i++) {
        const struct service *provider = provider_of(package, service->grants[i].source);

        if (provider && !started[provider - package->services])
            return provider;
    }
    return NULL;
}

/* From a service that waits, along what each waits for, until one is there again. */
static _Noreturn void refuse_circle(
    const struct package *package, const struct service *service, const bool *started)
{
    bool *seen = must_allocate(package->service_count);
    const struct service *at;
    char *circle;

    for (at = service; !seen[at - package->services]; at = waits_for(package, at, started))
        seen[at - package->services] = true;
    service = at;
    circle = must_format("`%s`", at->name);
    do {
        at = waits_for(package, at, started);
        circle = must_format("%s needs `%s`", circle, at->name);
        if (at != service)
            circle = must_format("%s, which", circle);
    } while (at != service);
    refuse_at(must_format("services[%zu]", service - package->services),
        "it can never start: %s; one of them has to do without", circle);
}

static void check_order(const struct package *package)
{
    size_t n = package->service_count;
    bool *started = must_allocate(n + 1);

    for (bool progress = true; progress;) {
        progress = false;
        for (size_t i = 0; i < n; i++)
            if (!started[i] && !waits_for(package, &package->services[i], started))
                started[i] = progress = true;
    }
    for (size_t i = 0; i < n; i++)
        if (!started[i])
            refuse_circle(package, &package->services[i], started);
    free(started);
}

/* What all provide comes before what any is granted, which is looked up there. */
void package_check_services(const struct package *package)
{
    const struct service *services = package->services;

    if (package->service_count > SERVICES_MAX)
        refuse_at("services", "%zu of them; at most %d are expected", package->service_count,
            SERVICES_MAX);
    for (size_t i = 0; i < package->service_count; i++) {
        for (size_t k = 0; k < i; k++)
            if (strcmp(services[k].name, services[i].name) == 0)
                refuse_at(must_format("services[%zu].name", i),
                    "`%s` is there twice; line %u has it too", services[i].name,
                    place_line(must_format("services[%zu].name", k)));
        check_provides(package, &services[i], i);
        check_limits(&services[i], i);
    }
    for (size_t i = 0; i < package->service_count; i++)
        for (size_t g = 0; g < services[i].grant_count; g++)
            check_grant(package, &services[i], i, g);
    check_order(package);
}

/* SPDX-License-Identifier: MIT */
/* Services, what each is granted and provides, and who needs whom. */
#include "bytes.h"
#include "check_parts.h"
#include "fmt/fmt.h"
#include "manifest/program.h"

static struct service_reader service_of(const struct check *c, uint32_t i)
{
    return service_at(c->services, i);
}

static bool check_methods(struct check *c, const char *where, struct grant_reader grant,
    const struct phx_interface_info *interface)
{
    struct capnp_list methods = grant_methods(grant);

    for (uint32_t i = 0; i < methods.count; i++)
        if (methods_named(interface, capnp_list_text(methods, i).data) == 0)
            return refuse(c, "%s.methods[%u]: %s has no `%.64s`", where, i, interface->name,
                capnp_list_text(methods, i).data);
    return true;
}

static bool check_grant_name(
    struct check *c, const char *where, struct capnp_list grants, uint32_t g)
{
    struct capnp_text name = grant_name(grant_at(grants, g));

    if (!name_is_good(name.data, name.size))
        return refuse(c, "%s.name: " NAME_RULE, where);
    for (uint32_t i = 0; i < g; i++)
        if (text_is(grant_name(grant_at(grants, i)), name))
            return refuse(c, "%s.name: `%s` is there twice", where, name.data);
    if (name_is_own(name.data))
        return refuse(c, "%s.name: `%s` is what a process has of its own", where, name.data);
    if (text_is(name, (struct capnp_text){"pool", 4}) &&
        !text_is(grant_source(grant_at(grants, g)), name))
        return refuse(c, "%s.name: `pool` is always that of its account", where);
    return true;
}

/* Two services that have one thing are two drivers of one device. */
static bool check_overlap(struct check *c, const char *where, uint32_t s, uint32_t g)
{
    struct grant_reader grant = grant_at(service_grants(service_of(c, s)), g);

    for (uint32_t i = 0; i <= s; i++) {
        struct capnp_list grants = service_grants(service_of(c, i));

        for (uint32_t k = 0; k < (i == s ? g : grants.count); k++) {
            struct grant_reader other = grant_at(grants, k);

            if (text_is(grant_source(other), grant_source(grant)) &&
                grant_first(other) < grant_first(grant) + grant_count(grant) &&
                grant_first(grant) < grant_first(other) + grant_count(other))
                return refuse(
                    c, "%s.first: services[%u].grants[%u] has some of it too", where, i, k);
        }
    }
    return true;
}

static bool check_range(struct check *c, const char *where, uint32_t s, uint32_t g,
    const struct phx_interface_info *interface)
{
    struct grant_reader grant = grant_at(service_grants(service_of(c, s)), g);
    const char *source = grant_source(grant).data;
    bool ranged = interface != NULL && has_ranges(interface);

    if (grant_first(grant) > UINT32_MAX || grant_count(grant) > UINT32_MAX)
        return refuse(c, "%s.first: there are not so many", where);
    if (!ranged && (grant_count(grant) != 0 || grant_first(grant) != 0))
        return refuse(c, "%s.count: there are no ranges of `%.64s`", where, source);
    if (ranged && grant_count(grant) == 0)
        return refuse(c, "%s.count: 0, but `%s` is granted by the range", where, source);
    return !ranged || check_overlap(c, where, s, g);
}

static bool check_grant(struct check *c, uint32_t s, uint32_t g)
{
    struct capnp_list grants = service_grants(service_of(c, s));
    struct grant_reader grant = grant_at(grants, g);
    struct capnp_text source = grant_source(grant);
    const struct phx_interface_info *interface = interface_of_grant(source.data);
    uint32_t provider = service_providing(c->services, source);
    char where[48];

    fmt(where, sizeof where, "services[%u].grants[%u]", s, g);
    if (!check_grant_name(c, where, grants, g))
        return false;
    if (interface == NULL && provider == c->services.count)
        return refuse(c, "%s.source: nothing is called `%.64s`", where, source.data);
    if (interface != NULL && !c->granted(source.data))
        return refuse(c, "%s.source: init was not granted `%s`", where, source.data);
    if (provider == s)
        return refuse(c, "%s.source: `%s` is its own", where, source.data);
    if (!check_range(c, where, s, g, interface))
        return false;
    return check_methods(
        c, where, grant, interface != NULL ? interface : interface_of_provided(source.data));
}

static bool check_provides(struct check *c, uint32_t s)
{
    struct capnp_list provides = service_provides(service_of(c, s));

    for (uint32_t i = 0; i < provides.count; i++) {
        struct capnp_text name = capnp_list_text(provides, i);
        char where[48];

        fmt(where, sizeof where, "services[%u].provides[%u]", s, i);
        if (interface_of_grant(name.data) != NULL)
            return refuse(c, "%s: `%s` is a kernel grant", where, name.data);
        if (interface_of_provided(name.data) == NULL)
            return refuse(c, "%s: no interface is called `%.64s`", where, name.data);
        for (uint32_t k = 0; k < i; k++)
            if (text_is(capnp_list_text(provides, k), name))
                return refuse(c, "%s: `%s` is there twice", where, name.data);
        if (service_providing(c->services, name) != s)
            return refuse(c, "%s: `%s` is provided twice", where, name.data);
    }
    return true;
}

/* An account of its own needs all three limits; without one, none means anything. */
static bool check_limits(struct check *c, uint32_t s)
{
    struct service_reader service = service_of(c, s);
    bool own = service_pages(service) != 0;

    if ((service_holds(service) != 0) != own)
        return refuse(c, "services[%u].holds: %lu, where pages is %lu: both or neither", s,
            service_holds(service), service_pages(service));
    if ((service_threads(service) != 0) != own)
        return refuse(c, "services[%u].threads: %lu, where pages is %lu: both or neither", s,
            service_threads(service), service_pages(service));
    return true;
}

static bool check_program(struct check *c, uint32_t s)
{
    struct capnp_text name = service_binary(service_of(c, s));
    struct binary_reader binary;
    const char *wrong;

    if (!find_binary(c, name, &binary))
        return refuse(c, "services[%u].binary: no binary is called `%.64s`", s, name.data);
    wrong = native_problem(binary_content(binary).data, binary_content(binary).size);
    return wrong == NULL ||
           refuse(c, "services[%u].binary: `%s` cannot be run: %s", s, name.data, wrong);
}

static bool check_service(struct check *c, uint32_t s)
{
    struct service_reader service = service_of(c, s);
    struct capnp_text name = service_name(service);

    if (!name_is_good(name.data, name.size))
        return refuse(c, "services[%u].name: " NAME_RULE, s);
    for (uint32_t i = 0; i < s; i++)
        if (text_is(service_name(service_of(c, i)), name))
            return refuse(c, "services[%u].name: `%s` is there twice", s, name.data);
    if (service_grants(service).count > GRANTS_MAX)
        return refuse(c, "services[%u].grants: %u, where at most %u can be", s,
            service_grants(service).count, GRANTS_MAX);
    return check_program(c, s) && check_limits(c, s) && check_provides(c, s);
}

/* After check_service of all: what a source provides has an interface then. */
static bool check_grants(struct check *c, uint32_t s)
{
    uint32_t count = service_grants(service_of(c, s)).count;

    for (uint32_t g = 0; g < count; g++)
        if (!check_grant(c, s, g))
            return false;
    return true;
}

bool check_services(struct check *c)
{
    uint32_t order[SERVICES_MAX], ordered;

    if (c->services.count > SERVICES_MAX)
        return refuse(c, "services: %u, where at most %u can be", c->services.count, SERVICES_MAX);
    for (uint32_t s = 0; s < c->services.count; s++)
        if (!check_service(c, s))
            return false;
    for (uint32_t s = 0; s < c->services.count; s++)
        if (!check_grants(c, s))
            return false;
    ordered = services_order(c->manifest, order);
    if (ordered < c->services.count)
        return refuse(c, "services[%u].grants: `%s` needs itself, by way of others", order[ordered],
            service_name(service_of(c, order[ordered])).data);
    return true;
}

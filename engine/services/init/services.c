/* SPDX-License-Identifier: MIT */
/*
 * The service graph.
 *
 * init makes the endpoint of every service that provides something, keeps it, and
 * grants the service its server's side under the name "endpoint". So a service
 * that is started again serves the same endpoint: who was granted what it provides
 * keeps it, and calls that come meanwhile wait.
 */
#include "init.h"

#include "bytes.h"
#include "rt/rt.h"
#include "services.stubs.h"

#define SHORT_LIFE_NS UINT64_C(1000000000)
#define SHORT_LIVES_MAX 5
#define ANSWER_NS UINT64_C(1000000000)

struct service {
    struct service_reader manifest;
    const char *name;
    uint32_t index;    /* in the manifest */
    uint64_t endpoint; /* 0: provides nothing */
    uint64_t account;  /* its own; 0: init's */
    uint64_t pool;
    struct proc_image image;
    struct proc proc; /* process 0: not running */
    uint64_t started; /* ns, to see one that dies at once again and again */
    unsigned short_lives;
};

static struct service services[SERVICES_MAX];
static uint32_t service_count;
static uint64_t deaths; /* notification: bit = index in services */

static uint64_t now(void)
{
    struct clock_now_out out = {0};

    clock_now(rt_cap("clock"), &out);
    return out.ns;
}

/* --- grants ------------------------------------------------------------------ */

static uint64_t methods_granted(
    struct grant_reader grant, const struct phx_interface_info *interface)
{
    struct capnp_list names = grant_methods(grant);
    uint64_t methods = names.count == 0 ? methods_by_default(interface) : 0;

    for (uint32_t i = 0; i < names.count; i++)
        methods |= methods_named(interface, capnp_list_text(names, i).data);
    /* Whoever holds a thing may see what it is. */
    return methods | CAPABILITY_M_IDENTIFY;
}

/* A client's side of what a service provides, from the endpoint that init keeps. */
static uint64_t mint_for(
    struct capnp_text source, uint64_t methods, const struct phx_interface_info *interface)
{
    uint32_t provider = service_providing(system_manifest_services(package.manifest), source);
    struct endpoint_mint_out out = {0};

    endpoint_mint(
        services[provider].endpoint, interface->number, methods | CAPABILITY_M_GRANT, 0, 0, &out);
    return out.capability;
}

/* The kernel refuses what is its own. */
static uint64_t range_for(
    const struct service *s, uint32_t g, struct grant_reader grant, unsigned interface)
{
    static const uint8_t methods[] = {
        [IFACE_IRQ] = IRQ_RANGE,
        [IFACE_IO_PORT] = IO_PORT_RANGE,
        [IFACE_DEVICE_MEMORY] = DEVICE_MEMORY_RANGE,
        [IFACE_PCI_FUNCTION] = PCI_FUNCTION_RANGE,
        [IFACE_TIME_SLICE] = TIME_SLICE_RANGE,
    };
    const char *source = grant_source(grant).data;
    uint64_t words[PHX_WORDS] = {grant_first(grant), grant_count(grant)};
    int64_t result = phx_invoke(rt_cap(source), methods[interface], words, 2);

    if (result >= 0)
        return words[0];
    complain("services[%u].grants[%u].first: %s 0x%lx and %lu more: %s", s->index, g, source,
        grant_first(grant), grant_count(grant) - 1, rt_error_text(result));
    return 0;
}

/* One grant of the manifest; *made is what to let go of afterwards, or 0. */
static struct proc_grant make_grant(
    struct service *s, uint32_t g, struct grant_reader grant, uint64_t *made)
{
    struct capnp_text source = grant_source(grant);
    const struct phx_interface_info *interface = interface_of_grant(source.data);
    struct proc_grant out = {.name = grant_name(grant).data, .slot = 0};

    *made = 0;
    if (interface == NULL) {
        interface = interface_of_provided(source.data);
        out.methods = methods_granted(grant, interface);
        *made = out.capability = mint_for(source, out.methods, interface);
    } else {
        out.methods = methods_granted(grant, interface);
        out.capability = has_ranges(interface)
                             ? *made = range_for(s, g, grant, interface->number)
                             : rt_cap(source.data);
    }
    out.slot = proc_slot(out.name);
    return out;
}

/* Everything a service is granted, but for its own four. "pool" is one of them. */
static size_t make_grants(struct service *s, struct proc_grant *grants, uint64_t *made)
{
    struct capnp_list list = service_grants(s->manifest);
    size_t count = 0;

    for (uint32_t i = 0; i < list.count; i++) {
        struct grant_reader grant = grant_at(list, i);

        if (rt_equal(grant_name(grant).data, "pool"))
            continue;
        grants[count] = make_grant(s, i, grant, &made[count]);
        count++;
    }
    if (s->endpoint != 0) {
        made[count] = 0;
        grants[count++] = (struct proc_grant){"endpoint", s->endpoint, ~UINT64_C(0), 0};
    }
    return count;
}

/* --- starting ---------------------------------------------------------------- */

static bool is_scarcity(int64_t result)
{
    return result == -PHX_OUT_OF_MEMORY || result == -PHX_LIMIT_EXCEEDED;
}

/* The fields of the manifest that a service's account comes from. */
static const char *limits_of(const struct service *s)
{
    return service_pages(s->manifest) != 0 ? ".pages, holds or threads" : "";
}

static int64_t build(struct service *s, const struct proc_text *arguments, size_t count)
{
    struct proc_grant grants[GRANTS_MAX + 1];
    uint64_t made[GRANTS_MAX + 1];
    struct proc_plan plan = {
        .account = s->account ? s->account : rt_cap("account"),
        .pool = s->pool,
        .image = s->image,
        .grants = grants,
        .grant_count = make_grants(s, grants, made),
        .startup = {.arguments = arguments,
            .argument_count = count,
            .directory = {"/", 1},
            .program = {s->name, strlen(s->name)}},
    };
    const char *reason;
    int64_t result = proc_build(&plan, &s->proc, &reason);

    for (size_t i = 0; i < plan.grant_count; i++)
        phx_release(made[i]);
    if (result < 0)
        complain("services[%u]%s: `%s` cannot be started: %s (%s)", s->index,
            is_scarcity(result) ? limits_of(s) : "", s->name, rt_error_text(result), reason);
    return result;
}

/* As launcher_adopt() does it, but with an end: if the launcher has died, only the
 * one who waits here could start the next. */
static void adopt(uint64_t launcher, const char *name, uint64_t process, uint64_t account)
{
    struct phx_message message = {.deadline = now() + ANSWER_NS,
        .caps = {process, account},
        .cap_modes = {PHX_CAP_MOVE, PHX_CAP_MOVE},
        .send_caps = account != 0 ? 2 : 1};

    stub_send_bytes(&message, name, strlen(name));
    stub_call(launcher, LAUNCHER_ADOPT, &message, 0, 0);
}

/* What the launcher shows, and to whom it was granted hands on. */
static uint64_t shown(uint64_t capability, uint64_t methods)
{
    struct capability_derive_out out = {0};

    capability_derive(capability,
        methods | CAPABILITY_M_IDENTIFY | CAPABILITY_M_TRANSFER | CAPABILITY_M_DERIVE, 0, &out);
    return out.capability;
}

static void tell(const char *name, uint64_t process, uint64_t account, uint64_t methods)
{
    uint64_t status, address;
    uint32_t provider = service_providing(
        system_manifest_services(package.manifest), (struct capnp_text){"launcher", 8});
    struct endpoint_mint_out launcher = {0};

    if (provider == service_count || services[provider].proc.process == 0 ||
        process_ended(services[provider].proc.process, &status, &address) ||
        endpoint_mint(
            services[provider].endpoint, IFACE_LAUNCHER, LAUNCHER_M_ADOPT, 0, 0, &launcher) < 0)
        return;
    process = shown(process, PROCESS_M_STATUS | PROCESS_M_HOLDS | methods);
    account = account != 0 ? shown(account, ACCOUNT_M_BALANCE | ACCOUNT_M_NEW_TAP) : 0;
    if (process != 0)
        adopt(launcher.capability, name, process, account);
    phx_release(process);
    phx_release(account);
    phx_release(launcher.capability);
}

static void tell_launcher(const struct service *s)
{
    tell(s->name, s->proc.process, s->account, PROCESS_M_REVOKE);
}

static bool start(struct service *s)
{
    struct capnp_list list = service_arguments(s->manifest);
    struct proc_text *arguments = rt_alloc((list.count + 1) * sizeof *arguments);
    int64_t result;

    if (arguments == NULL) {
        complain("services[%u].arguments: no memory for them", s->index);
        return false;
    }
    arguments[0] = (struct proc_text){s->name, strlen(s->name)};
    for (uint32_t i = 0; i < list.count; i++)
        arguments[i + 1] =
            (struct proc_text){capnp_list_text(list, i).data, capnp_list_text(list, i).size};
    result = build(s, arguments, list.count + 1);
    rt_free(arguments);
    if (result < 0)
        return false;
    process_watch(s->proc.process, deaths, UINT64_C(1) << (s - services));
    s->started = now();
    proc_start(&s->proc);
    rt_log("%s started (process %lu)", s->name, s->proc.pid);
    return true;
}

/* The account that pays for a service, and what it takes memory from. */
static int64_t make_account(struct service *s)
{
    struct account_create_out account = {0};
    struct account_new_pool_out pool = {0};
    uint64_t payer = rt_cap("account");
    int64_t result = 0;

    if (service_pages(s->manifest) != 0) {
        result = account_create(payer, service_pages(s->manifest), service_holds(s->manifest),
            service_threads(s->manifest), 0, &account);
        payer = s->account = account.account;
    }
    if (result >= 0)
        result = account_new_pool(payer, &pool);
    s->pool = pool.pool;
    return result;
}

static bool prepare(struct service *s, uint32_t index, struct service_reader manifest)
{
    struct account_new_endpoint_out endpoint = {0};
    const char *problem;
    int64_t result = 0;

    s->manifest = manifest;
    s->index = index;
    s->name = service_name(manifest).data;
    problem = package_image(&package, service_binary(manifest).data, &s->image);
    if (problem != NULL) {
        complain("services[%u].binary: `%s`: %s", index, service_binary(manifest).data, problem);
        return false;
    }
    if (service_provides(manifest).count > 0)
        result = account_new_endpoint(rt_cap("account"), &endpoint);
    s->endpoint = endpoint.endpoint;
    if (result >= 0)
        result = make_account(s);
    if (result < 0)
        complain("services[%u]%s: no budget for `%s`: %s", index, limits_of(s), s->name,
            rt_error_text(result));
    return result >= 0;
}

/* --- what ends ---------------------------------------------------------------- */

static void say_end(const struct service *s, uint64_t status, uint64_t address)
{
    if ((status & 0x7f) == 0)
        rt_log("%s ended with status %lu", s->name, status >> 8);
    else if (address != 0)
        rt_log("%s crashed: signal %lu at address 0x%lx", s->name, status & 0x7f, address);
    else
        rt_log("%s crashed: signal %lu", s->name, status & 0x7f);
}

/* One that dies within a second, five times in a row, would only burn the machine. */
static bool may_restart(struct service *s)
{
    if (now() - s->started < SHORT_LIFE_NS)
        s->short_lives++;
    else
        s->short_lives = 0;
    if (s->short_lives < SHORT_LIVES_MAX)
        return true;
    complain("%s: given up after it ended at once %u times", s->name, SHORT_LIVES_MAX);
    return false;
}

static bool wants_restart(const struct service *s)
{
    return service_restart(s->manifest);
}

static void look_after(struct service *s)
{
    uint64_t status, address;

    if (s->proc.process == 0 || !process_ended(s->proc.process, &status, &address))
        return;
    say_end(s, status, address);
    proc_end(&s->proc, 0);
    if (!wants_restart(s) || !may_restart(s))
        return;
    rt_log("starting %s again", s->name);
    if (start(s))
        tell_launcher(s);
}

static bool any_running(void)
{
    for (uint32_t i = 0; i < service_count; i++)
        if (services[i].proc.process != 0)
            return true;
    return false;
}

static bool start_all(void)
{
    struct capnp_list list = system_manifest_services(package.manifest);
    uint32_t order[SERVICES_MAX];

    service_count = list.count;
    services_order(package.manifest, order);
    for (uint32_t i = 0; i < service_count; i++)
        if (!prepare(&services[order[i]], order[i], service_at(list, order[i])))
            return false;
    for (uint32_t i = 0; i < service_count; i++)
        if (!start(&services[order[i]]))
            return false;
    /* Of ourselves too; nobody is our parent, so nobody takes anything from us. */
    tell("init", RT_PROCESS, rt_cap("account"), 0);
    for (uint32_t i = 0; i < service_count; i++)
        tell_launcher(&services[order[i]]);
    return true;
}

_Noreturn void run_services(void)
{
    struct account_new_notification_out notification = {0};

    if (account_new_notification(rt_cap("account"), &notification) < 0) {
        complain("no memory to begin with");
        power_off(STATUS_PHOENIX);
    }
    deaths = notification.notification;
    if (!start_all())
        power_off(STATUS_PHOENIX);
    while (any_running()) {
        struct notification_wait_out out = {0};

        if (notification_wait(deaths, ~UINT64_C(0), PHX_FOREVER, &out) < 0)
            break;
        for (uint32_t i = 0; i < service_count; i++)
            if (out.bits >> i & 1)
                look_after(&services[i]);
    }
    rt_log("no service is left");
    power_off(0);
}

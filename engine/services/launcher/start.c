/* SPDX-License-Identifier: MIT */
/* From a prepared Launch to a running process. */
#include "launcher.h"

#include "bytes.h"
#include "capnp/stub.h"
#include "rt/rt.h"
#include "services.capnp.h"
#include "start.capnp.h"

#define TEXTS_MAX 512 /* a Startup of 4096 bytes has fewer */
#define FILE_PIECE 4096
#define PATIENCE_NS UINT64_C(10000000000)
#define IMAGE_MAX (UINT64_C(1) << 32)

/* --- the Startup ------------------------------------------------------------------ */

static struct proc_text texts[2][TEXTS_MAX];

static bool take_texts(struct capnp_list list, struct proc_text to[TEXTS_MAX])
{
    if (list.count > TEXTS_MAX)
        return false;
    for (uint32_t i = 0; i < list.count; i++) {
        struct capnp_text text = capnp_list_text(list, i);

        to[i] = (struct proc_text){text.data, text.size};
    }
    return true;
}

/* Texts point into the call's buffer, which stays until it is answered. */
static bool take_startup(
    struct capnp_message *message, const uint8_t *bytes, size_t length, struct proc_startup *out)
{
    struct startup_reader startup;

    if (!capnp_open(message, bytes, length, CAPNP_LIMIT))
        return false;
    startup = startup_root(message);
    *out = (struct proc_startup){
        .arguments = texts[0],
        .environment = texts[1],
        .argument_count = startup_arguments(startup).count,
        .environment_count = startup_environment(startup).count,
        .directory = {startup_directory(startup).data, startup_directory(startup).size},
        .program = {startup_program(startup).data, startup_program(startup).size},
        .flags = startup_flags(startup),
    };
    return take_texts(startup_arguments(startup), texts[0]) &&
           take_texts(startup_environment(startup), texts[1]) && message->error == CAPNP_OK;
}

/* --- a Linux program's file ---------------------------------------------------------- */

/*
 * File and Namespace come from whoever starts the program, and may be served by
 * anybody: what does not answer must not stop this service, so that all calls for
 * one start share a deadline. (Generated stubs wait for ever.)
 */
static uint64_t patience;

static void patience_begin(void)
{
    struct clock_now_out now = {0};

    patience = clock_now(rt_cap("clock"), &now) < 0 ? PHX_FOREVER : now.ns + PATIENCE_NS;
}

static int64_t ask(
    uint64_t cap, unsigned method, struct phx_message *m, unsigned words, unsigned results)
{
    m->deadline = patience;
    return stub_call(cap, method, m, words, results);
}

/* Into fresh pages: a file that was written has no frame of the boot module. */
static int64_t read_all(uint64_t file, uint64_t size, uint8_t *to)
{
    for (uint64_t at = 0; at < size; at += FILE_PIECE) {
        struct phx_message m = {.words = {at, FILE_PIECE}};
        int64_t result;

        stub_take_bytes(&m, to + at, FILE_PIECE);
        result = ask(file, FILE_READ, &m, 2, 1);
        if (result >= 0 && PHX_INFO_LENGTH(m.info) == 0)
            result = -PHX_IO_ERROR; /* it became shorter meanwhile */
        if (result < 0)
            return result;
    }
    return 0;
}

static int64_t copy_file(uint64_t file, uint64_t size, uint64_t pool, uint64_t *frame)
{
    uint64_t pages = (size + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;
    struct frame_pool_alloc_out out = {0};
    int64_t result = frame_pool_alloc(pool, pages, &out);
    uint8_t *window;

    if (result < 0)
        return result;
    window = rt_window(out.frame, pages, PHX_PROT_READ | PHX_PROT_WRITE);
    result = window == NULL ? -PHX_OUT_OF_MEMORY : read_all(file, size, window);
    if (window != NULL)
        rt_window_close(window, pages);
    if (result < 0)
        phx_release(out.frame);
    else
        *frame = out.frame;
    return result;
}

static int64_t image_of_file(uint64_t file, uint64_t pool, struct proc_image *image)
{
    struct phx_message status = {.words = {0}};
    struct phx_message map = {.accept = {IFACE_FRAME}, .accept_caps = 1};
    int64_t result = ask(file, FILE_STATUS, &status, 0, 10);

    if (result < 0)
        return result;
    image->size = status.words[4];
    if (image->size == 0 || image->size > IMAGE_MAX)
        return -PHX_INVALID_FORMAT;
    result = ask(file, FILE_MAP, &map, 0, 1);
    image->frame = map.caps[0];
    if (result == -PHX_NOT_SUPPORTED)
        result = copy_file(file, image->size, pool, &image->frame);
    return result;
}

static int64_t open_file(uint64_t namespace, const char *path, uint64_t *file)
{
    struct phx_message m = {.accept = {IFACE_FILE}, .accept_caps = 1};
    int64_t result;

    stub_send_bytes(&m, path, strlen(path));
    result = ask(namespace, NAMESPACE_OPEN, &m, 2, 3);
    *file = m.caps[0];
    return result;
}

static uint64_t granted(const struct launch *l, const char *name)
{
    for (unsigned i = 0; i < l->grant_count; i++)
        if (rt_equal(l->grants[i].name, name))
            return l->grants[i].capability;
    return 0;
}

static bool is_path(const char *name)
{
    while (*name != 0 && *name != '/')
        name++;
    return *name == '/';
}

/* The file that was granted, or the path in the namespace that was granted. */
static int64_t find_program(
    const struct launch *l, uint64_t pool, struct proc_image *image, const char **reason)
{
    uint64_t file = l->program, namespace = granted(l, "namespace");
    int64_t result;

    patience_begin();
    *reason = "it was granted neither the program's file (image) nor a namespace";
    if (file == 0 && namespace == 0)
        return -PHX_NOT_FOUND;
    *reason = "no such file";
    if (file == 0) {
        result = open_file(namespace, l->name, &file);
        if (result < 0)
            return result;
    }
    *reason = "its file cannot be read";
    result = image_of_file(file, pool, image);
    if (file != l->program)
        phx_release(file);
    return result;
}

/* --- the process ----------------------------------------------------------------------- */

/* A child account with half of what is left, and its pool. */
static int64_t make_account(uint64_t *account, uint64_t *pool)
{
    uint64_t half[3] = {0};
    struct account_create_out created = {0};
    struct account_new_pool_out new_pool = {0};
    int64_t result = 0;

    for (unsigned i = 0; i < 3 && result >= 0; i++) {
        struct account_balance_out balance = {0};

        result = account_balance(launcher_account, i, &balance);
        half[i] = (balance.limit - balance.used) / 2;
    }
    if (result >= 0)
        result = account_create(launcher_account, half[RESOURCE_PAGES], half[RESOURCE_HOLDS],
            half[RESOURCE_THREADS], 0, &created);
    if (result >= 0)
        result = account_new_pool(created.account, &new_pool);
    *account = created.account;
    *pool = new_pool.pool;
    return result;
}

static void unmake_account(uint64_t account, uint64_t pool)
{
    phx_release(pool);
    if (account != 0)
        account_destroy(account);
    phx_release(account);
}

static int64_t find_images(const struct launch *l, struct proc_plan *plan, const char **reason)
{
    bool is_linux = l->program != 0 || is_path(l->name);
    const char *problem =
        package_image(&launcher_package, is_linux ? "libos" : l->name, &plan->image);

    *reason = problem;
    if (problem != NULL)
        return -PHX_NOT_FOUND;
    return is_linux ? find_program(l, plan->pool, &plan->linux_program, reason) : 0;
}

static int64_t build(struct launch *l, struct proc_plan *plan, const char **reason)
{
    static struct proc_grant grants[GRANTS_MAX];
    int64_t result = find_images(l, plan, reason);

    for (unsigned i = 0; i < l->grant_count; i++)
        grants[i] = (struct proc_grant){
            l->grants[i].name, l->grants[i].capability, ~UINT64_C(0), l->grants[i].slot};
    plan->grants = grants;
    plan->grant_count = l->grant_count;
    if (result >= 0)
        result = proc_build(plan, &l->proc, reason);
    phx_release(plan->image.frame);
    phx_release(plan->linux_program.frame);
    return result;
}

int64_t launch_begin(struct launch *l, const uint8_t *startup, size_t length, const char **reason)
{
    struct capnp_message message;
    struct proc_plan plan = {.account = 0};
    int64_t result;

    *reason = "the Startup message is malformed";
    if (!take_startup(&message, startup, length, &plan.startup))
        return -PHX_INVALID_FORMAT;
    package_reopen(&launcher_package);
    *reason = "no budget for an account of its own";
    result = make_account(&plan.account, &plan.pool);
    if (result >= 0)
        result = build(l, &plan, reason);
    if (result < 0) {
        unmake_account(plan.account, plan.pool);
        return result;
    }
    l->account = plan.account;
    l->pool = plan.pool;
    l->pid = l->proc.pid;
    l->in_libos = plan.linux_program.size != 0;
    process_watch(l->proc.process, launcher_deaths, UINT64_C(1) << (l - launches));
    return proc_start(&l->proc);
}

/* SPDX-License-Identifier: MIT */
/* Deaths: who waits is answered, and the account is back to the unit. */
#include "native.h"

#include "bytes.h"
#include "services.capnp.h"

#define HOLDS 1000
#define SIGNAL_KILL 9
#define SIGNAL_SEGMENT 11
#define SERVED IFACE_LAUNCH /* any served interface */

/* A server's endpoint and a client of it. */
struct pair {
    uint64_t endpoint, client;
};

static struct pair make_pair(void)
{
    struct account_new_endpoint_out endpoint = {0};
    struct endpoint_mint_out client = {0};

    if (account_new_endpoint(rt_cap("account"), &endpoint) >= 0)
        endpoint_mint(endpoint.endpoint, SERVED, LAUNCH_M_ALL, 7, 0, &client);
    return (struct pair){endpoint.endpoint, client.capability};
}

static void release_pair(const struct pair *pair)
{
    phx_release(pair->client);
    phx_release(pair->endpoint);
}

static void check_balance(const char *name, const struct balance *before)
{
    struct balance last;
    bool good = balance_returns(before, &last);

    check(name, good, "pages %lu of %lu, holds %lu of %lu, threads %lu of %lu", last.pages,
        before->pages, last.holds, before->holds, last.threads, before->threads);
}

/* --- a client that dies in mid-call ------------------------------------------------ */

/* Calls "service" and waits for the answer. */
int role_caller(void)
{
    uint64_t words[PHX_WORDS] = {1, 2, 3};
    int64_t result = phx_invoke(rt_cap("service"), 0, words, 3);

    return result < 0 ? (int)-result : 0;
}

static void client_dies(void)
{
    struct balance before = balance_now();
    struct pair pair = make_pair();
    const struct proc_grant grants[] = {{"service", pair.client, ~UINT64_C(0), 0}};
    uint64_t words[PHX_WORDS], badge = 0;
    struct proc proc;
    int64_t taken = -1, answered;

    if (spawn("caller", 0, grants, 1, &proc)) {
        taken = phx_receive(pair.endpoint, words, &badge);
        process_exit(proc.process, SIGNAL_KILL);
        wait_dead(&proc, NULL);
    }
    words[0] = 0;
    answered = phx_syscall(PHX_OP_RETURN(0UL, 1UL), &(uint64_t){0}, words);
    release_pair(&pair);
    check("client_that_dies_in_mid_call_frees_its_server",
        taken >= 0 && badge == 7 && answered == -PHX_DISCONNECTED, "taken %ld, badge %lu, %ld",
        taken, badge, answered);
    check_balance("client_that_dies_in_mid_call_gives_all_back", &before);
}

/* --- a server that dies in mid-call -------------------------------------------------- */

/* Takes a call on "endpoint" and ends without an answer. */
int role_server(void)
{
    uint64_t words[PHX_WORDS], badge;

    return phx_receive(rt_cap("endpoint"), words, &badge) < 0 ? 1 : 0;
}

static uint64_t second_client;
static int64_t second_result;
static uint32_t second_done;

static void second_caller(void *argument)
{
    uint64_t words[PHX_WORDS] = {0};

    (void)argument;
    second_result = phx_invoke(second_client, 0, words, 0);
    __atomic_store_n(&second_done, 1, __ATOMIC_RELEASE);
}

/* One caller is being served, another waits: both are told. */
static void server_dies(void)
{
    struct pair pair = make_pair();
    const struct proc_grant grants[] = {{"endpoint", pair.endpoint, ~UINT64_C(0), 0}};
    uint64_t words[PHX_WORDS] = {0}, thread = 0;
    int64_t first = 0, later = 0;
    struct proc proc;

    second_done = 0;
    second_client = pair.client;
    if (spawn("server", 0, grants, 1, &proc)) {
        phx_release(pair.endpoint); /* the child alone serves it now */
        rt_thread(second_caller, NULL, &thread);
        first = phx_invoke(pair.client, 0, words, 0);
        wait_dead(&proc, NULL);
        for (unsigned i = 0; i < 100 && !__atomic_load_n(&second_done, __ATOMIC_ACQUIRE); i++)
            sleep_ms(2);
        later = phx_invoke(pair.client, 0, words, 0);
    }
    phx_release(thread);
    release_pair(&pair);
    check("server_that_dies_answers_its_callers",
        first == -PHX_DISCONNECTED && second_done && second_result == -PHX_DISCONNECTED &&
            later == -PHX_DISCONNECTED,
        "%ld, %ld, then %ld", first, second_result, later);
}

static void server_gives_back(void)
{
    struct balance before = balance_now();
    struct pair pair = make_pair();
    const struct proc_grant grants[] = {{"endpoint", pair.endpoint, ~UINT64_C(0), 0}};
    uint64_t words[PHX_WORDS] = {0};
    struct proc proc;

    if (spawn("server", 0, grants, 1, &proc)) {
        phx_invoke(pair.client, 0, words, 0);
        wait_dead(&proc, NULL);
    }
    release_pair(&pair);
    check_balance("server_that_dies_in_mid_call_gives_all_back", &before);
}

/* --- a process with a thousand holds ------------------------------------------------- */

int role_holder(void)
{
    for (unsigned i = 0; i < HOLDS; i++)
        if (capability_duplicate(RT_POOL, NULL) < 0)
            return 1;
    notification_signal(rt_cap("ready"), 1);
    thread_control_sleep(RT_THREAD, PHX_FOREVER);
    return 2;
}

static void holder_dies(void)
{
    struct balance before = balance_now(), full = before, last = before;
    struct account_new_notification_out ready = {0};
    struct notification_wait_out bits;
    struct proc proc;
    bool good = false;

    account_new_notification(rt_cap("account"), &ready);
    const struct proc_grant grants[] = {{"ready", ready.notification, ~UINT64_C(0), 0}};
    if (spawn("holder", 0, grants, 1, &proc)) {
        notification_wait(ready.notification, 1, PHX_FOREVER, &bits);
        full = balance_now();
        process_exit(proc.process, SIGNAL_KILL);
        good = wait_dead(&proc, NULL) == SIGNAL_KILL && full.holds >= before.holds + HOLDS;
    }
    phx_release(ready.notification);
    good = good && balance_returns(&before, &last);
    check("process_with_a_thousand_holds_gives_all_back", good,
        "holds %lu, then %lu, then %lu; pages %lu, then %lu", before.holds, full.holds, last.holds,
        before.pages, last.pages);
}

/* --- faults ------------------------------------------------------------------------- */

int role_fault(void)
{
    volatile uint32_t *volatile nowhere = (volatile uint32_t *)0x10;

    *nowhere = 1;
    return 0;
}

static void fault_dies(void)
{
    struct balance before = balance_now();
    uint64_t status = 0, address = 0;
    struct proc proc;

    if (spawn("fault", 0, NULL, 0, &proc))
        status = wait_dead(&proc, &address);
    check("null_dereference_ends_with_its_address", status == SIGNAL_SEGMENT && address == 0x10,
        "status %lx, address %lx", status, address);
    check_balance("program_that_faults_gives_all_back", &before);
}

/* --- a badge that nobody holds ------------------------------------------------------- */

int role_wait(void)
{
    thread_control_sleep(RT_THREAD, PHX_FOREVER);
    return 0;
}

static void last_holder_is_told(void)
{
    struct pair pair = make_pair();
    const struct proc_grant grants[] = {{"service", pair.client, ~UINT64_C(0), 0}};
    struct account_new_notification_out gone = {0};
    struct notification_wait_out bits = {0};
    struct notification_poll_out early = {0};
    int64_t after = 0;
    struct proc proc;
    bool good = false;

    account_new_notification(rt_cap("account"), &gone);
    if (spawn("wait", 0, grants, 1, &proc)) {
        endpoint_watch(pair.endpoint, 7, gone.notification, 4);
        phx_release(pair.client);
        sleep_ms(20);
        notification_poll(gone.notification, 4, &early);
        process_exit(proc.process, SIGNAL_KILL);
        good = notification_wait(gone.notification, 4, PHX_FOREVER, &bits) >= 0;
        wait_dead(&proc, NULL);
        after = endpoint_watch(pair.endpoint, 7, gone.notification, 4);
    }
    phx_release(gone.notification);
    phx_release(pair.endpoint);
    check("last_holder_of_a_badge_is_told_once",
        good && early.bits == 0 && bits.bits == 4 && after == -PHX_NOT_FOUND,
        "early %lx, bits %lx, after %ld", early.bits, bits.bits, after);
}

/* --- a service that init starts again -------------------------------------------------- */

/* Answers wait() with how often it was asked, and dies of signal(). */
int role_brittle(void)
{
    uint64_t words[PHX_WORDS] = {0}, badge, served = 0;
    int64_t info = phx_receive(rt_cap("endpoint"), words, &badge);

    while (info >= 0) {
        if (PHX_INFO_METHOD(info) == LAUNCH_SIGNAL)
            return role_fault();
        words[0] = ++served;
        info = phx_return_receive(rt_cap("endpoint"), 0, words, 1, &badge);
    }
    return 1;
}

static int64_t ask(unsigned method, uint64_t *answer)
{
    uint64_t words[PHX_WORDS] = {0};
    int64_t result = phx_invoke(rt_cap("served"), method, words, 0);

    *answer = words[0];
    return result;
}

/* Who was in mid-call is told; the same capability leads to the new one. */
void test_restart(void)
{
    uint64_t first = 0, second = 0, none, again = 0;
    int64_t before = ask(LAUNCH_WAIT, &first);
    int64_t during, after;

    ask(LAUNCH_WAIT, &second);
    during = ask(LAUNCH_SIGNAL, &none);
    after = ask(LAUNCH_WAIT, &again);
    check("clients_keep_what_a_service_served_when_it_crashes",
        before >= 0 && first == 1 && second == 2 && during == -PHX_DISCONNECTED && after >= 0 &&
            again == 1,
        "%ld %lu %lu, %ld, %ld %lu", before, first, second, during, after, again);
}

/* An account's destroy ends its processes and gives its budget back. */
static void account_is_destroyed(void)
{
    struct balance before = balance_now();
    struct account_create_out account = {0};
    uint64_t status = 0;
    struct proc proc;

    account_create(rt_cap("account"), 300, 100, 4, 0, &account);
    if (spawn("wait", account.account, NULL, 0, &proc)) {
        account_destroy(account.account);
        status = wait_dead(&proc, NULL);
    }
    phx_release(account.account);
    check("destroyed_account_ends_its_processes", status == SIGNAL_KILL, "status %lx", status);
    check_balance("destroyed_account_gives_all_back", &before);
}

void test_deaths(void)
{
    client_dies();
    server_dies();
    server_gives_back();
    holder_dies();
    fault_dies();
    last_holder_is_told();
    account_is_destroyed();
}

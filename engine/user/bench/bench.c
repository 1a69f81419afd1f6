/* SPDX-License-Identifier: MIT */
/*
 * Guest instructions per operation, as docs/PERFORMANCE.md defines them.
 *
 * Runs as the init of manifests/bench.cue under `-icount shift=0`, where one tick of
 * the TSC is one instruction: each figure is the least of several rounds, less what
 * the measuring loop itself costs. Prints one line a figure: name, tab, value, tab,
 * unit. The other side of a call is this same program in a process of its own.
 */
#include "bytes.h"
#include "elf.h"
#include "manifest.capnp.h"
#include "proc/proc.h"
#include "rt/layout.h"
#include "rt/rt.h"

#define ROUNDS 5
#define REPEAT 200
#define ECHO_INTERFACE 100

static uint64_t tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static void report(const char *name, uint64_t value)
{
    rt_print("%s\t%lu\tinstructions\n", name, value);
}

static void must(int64_t result, const char *what)
{
    if (result < 0)
        rt_panic("%s: %s", what, rt_error_text(result));
}

/* The least of ROUNDS, per operation, of a body that runs `repeat` times. */
#define MEASURE(repeat, body)                                  \
    ({                                                         \
        uint64_t least_ = ~0UL;                                \
        for (unsigned round_ = 0; round_ < ROUNDS; round_++) { \
            uint64_t empty_ = tsc();                           \
            for (unsigned i_ = 0; i_ < (repeat); i_++)         \
                __asm__ volatile("" ::: "memory");             \
            uint64_t from_ = tsc();                            \
            for (unsigned i_ = 0; i_ < (repeat); i_++) {       \
                __asm__ volatile("" ::: "memory");             \
                body;                                          \
            }                                                  \
            uint64_t took_ = tsc() - from_ - (from_ - empty_); \
            if (took_ < least_)                                \
                least_ = took_;                                \
        }                                                      \
        (least_ + (repeat) / 2) / (repeat);                    \
    })

/* --- null operation -------------------------------------------------------- */

static void bench_null(void)
{
    report("null_op", MEASURE(REPEAT, {
               uint64_t op = PHX_OP_NOP;
               __asm__ volatile("syscall" : "+a"(op) : : "rcx", "r11", "memory");
           }));
}

/* --- ring ------------------------------------------------------------------ */

static struct phx_ring *ring;
static uint64_t ring_cap;

static void ring_batch(unsigned n)
{
    struct phx_entry *entries = (struct phx_entry *)(ring + 1);
    uint32_t tail = ring->submit_tail;

    for (unsigned i = 0; i < n; i++, tail++) {
        struct phx_entry *e = &entries[tail & (ring->submissions - 1)];

        e->op = PHX_OP_NOP;
        e->user = tail;
    }
    __atomic_store_n(&ring->submit_tail, tail, __ATOMIC_RELEASE);
    struct ring_enter_out out;
    must(ring_enter(ring_cap, n, n, PHX_FOREVER, &out), "ring");
    if (out.submitted != n)
        rt_panic("ring took %lu of %u", out.submitted, n);
    __atomic_store_n(&ring->complete_head, ring->complete_tail, __ATOMIC_RELEASE);
}

static void bench_ring(void)
{
    struct frame_pool_alloc_out frame;
    struct thread_control_new_ring_out made;

    must(frame_pool_alloc(RT_POOL, 8, &frame), "ring frame");
    ring = rt_window(frame.frame, 8, PHX_PROT_READ | PHX_PROT_WRITE);
    must(thread_control_new_ring(RT_THREAD, frame.frame, 256, 256, 0, &made), "new ring");
    ring_cap = made.ring;
    report("ring_1", MEASURE(REPEAT, ring_batch(1)));
    report("ring_32", MEASURE(20, ring_batch(32)) / 32);
    report("ring_256", MEASURE(5, ring_batch(256)) / 256);
}

/* --- capabilities ---------------------------------------------------------- */

static void bench_caps(uint64_t notification)
{
    struct capability_derive_out child;
    struct capability_duplicate_out twin;

    report("cap_derive", MEASURE(16, {
               must(capability_derive(notification, NOTIFICATION_M_POLL, 0, &child), "derive");
           }));
    report("cap_copy", MEASURE(16, must(capability_duplicate(notification, &twin), "copy")));
    uint64_t released = MEASURE(16, {
        must(capability_duplicate(notification, &twin), "copy");
        must(phx_release(twin.capability), "release");
    });
    uint64_t copied = MEASURE(16, must(capability_duplicate(notification, &twin), "copy"));
    report("cap_release", released - copied);
    report("revoke_1", MEASURE(1, {
               must(capability_derive(notification, NOTIFICATION_M_POLL, 0, &child), "derive");
               uint64_t from = tsc();
               must(capability_revoke(notification, 0), "revoke");
               (void)from;
           }));
    report("signal_nobody", MEASURE(REPEAT, must(notification_signal(notification, 1), "signal")));
}

/* --- memory ---------------------------------------------------------------- */

static void bench_memory(void)
{
    struct frame_pool_alloc_out frame;
    uint64_t at = RT_STORE_BASE;

    must(frame_pool_alloc(RT_POOL, 16, &frame), "frame");
    must(address_space_map(RT_SPACE, frame.frame, at, 0, 1, PHX_PROT_READ), "map");
    must(address_space_unmap(RT_SPACE, at, 1), "unmap");
    uint64_t both = MEASURE(16, {
        must(address_space_map(RT_SPACE, frame.frame, at, 0, 1, PHX_PROT_READ), "map");
        must(address_space_unmap(RT_SPACE, at, 1), "unmap");
    });
    report("map_unmap_page", both);
    both = MEASURE(16, {
        must(address_space_map(RT_SPACE, frame.frame, at, 0, 16, PHX_PROT_READ), "map");
        must(address_space_unmap(RT_SPACE, at, 16), "unmap");
    });
    report("map_unmap_page_list", both / 16);
}

/* --- faults and foreign system calls ---------------------------------------- */

/* handlers.S: leave the upcall at once, past the faulting instruction; and a
 * `syscall` instruction outside of the libos range. */
void bench_upcall_entry(void);
void bench_fault(void *address);
static uint8_t upcall_stack[4096] __attribute__((aligned(16)));

static void bench_upcalls(struct phx_thread_page *page)
{
    page->stack = (uint64_t)(upcall_stack + sizeof upcall_stack);
    page->entry = (uint64_t)bench_upcall_entry;
    __asm__ volatile("wrgsbase %0" : : "r"(page));
    report("fault_upcall", MEASURE(REPEAT, bench_fault((void *)0x1000)));
}

/* --- calls ----------------------------------------------------------------- */

static _Noreturn void echo_server(void)
{
    uint64_t endpoint = rt_cap("endpoint"), badge;
    uint64_t words[PHX_WORDS] = { 0 };

    phx_receive(endpoint, words, &badge);
    for (;;)
        phx_return_receive(endpoint, 0, words, 1, &badge);
}

static _Noreturn void echo_message_server(void)
{
    static uint8_t bytes[PHX_MESSAGE_MAX];
    static struct phx_message m;

    for (uint64_t op = PHX_OP_RECV;; op = PHX_OP_RETURN_RECV(0, 1)) {
        m.recv_address = (uint64_t)bytes;
        m.recv_capacity = sizeof bytes;
        m.send_address = (uint64_t)bytes;
        m.send_length = op == PHX_OP_RECV ? 0 : 8;
        m.deadline = PHX_FOREVER;
        phx_send_message(op, rt_cap("endpoint"), &m);
    }
}

static struct proc_image own_image(void)
{
    struct boot_package_info_out info;
    struct boot_package_frame_out frame;
    struct capnp_message message;
    struct proc_image image = { 0 };

    must(boot_package_info(rt_cap("bootPackage"), &info), "module");
    uint64_t pages = (info.bytes + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;
    must(boot_package_frame(rt_cap("bootPackage"), 0, pages, &frame), "module");
    const uint8_t *module = rt_window(frame.frame, pages, PHX_PROT_READ);
    capnp_open(&message, module, info.bytes, CAPNP_LIMIT);
    struct binary_reader b = binary_at(system_manifest_binaries(system_manifest_root(&message)), 0);
    struct capnp_data content = binary_content(b);
    image.bytes = content.data;
    image.size = content.size;
    must(boot_package_frame(rt_cap("bootPackage"),
                            (uint64_t)(content.data - module) / PHX_PAGE_SIZE,
                            (content.size + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE, &frame),
         "own image");
    image.frame = frame.frame;
    return image;
}

static uint64_t pages_used(void)
{
    struct account_balance_out pages;

    must(account_balance(rt_cap("account"), RESOURCE_PAGES, &pages), "account");
    return pages.used;
}

static struct proc start_peer(const struct proc_image *image, uint64_t endpoint, const char *role)
{
    struct proc_grant grants[] = {
        { "endpoint", endpoint, ENDPOINT_M_ALL, 0 },
        { "log", rt_cap("log"), LOG_M_WRITE, SLOT_LOG },
    };
    struct proc_text arguments[] = { { "bench", 5 }, { role, strlen(role) } };
    struct proc_plan plan = {
        .account = rt_cap("account"),
        .pool = RT_POOL,
        .image = *image,
        .grants = grants,
        .grant_count = 2,
        .startup = { .arguments = arguments, .argument_count = 2, .program = { "bench", 5 } },
    };
    struct proc peer;
    const char *reason = "";
    int64_t err = proc_build(&plan, &peer, &reason);

    if (err < 0)
        rt_panic("peer: %s: %s", reason, rt_error_text(err));
    must(proc_start(&peer), "peer");
    return peer;
}

static uint64_t client_of(uint64_t endpoint)
{
    struct endpoint_mint_out client;

    must(endpoint_mint(endpoint, ECHO_INTERFACE, 1, 7, 0, &client), "mint");
    return client.capability;
}

static void bench_calls(void)
{
    static uint8_t bytes[PHX_MESSAGE_MAX], answer[64];
    struct proc_image image = own_image();
    struct account_new_endpoint_out endpoint;
    struct phx_message m = { 0 };

    must(account_new_endpoint(rt_cap("account"), &endpoint), "endpoint");
    uint64_t before = pages_used();
    start_peer(&image, endpoint.endpoint, "echo");
    uint64_t after = pages_used();
    uint64_t client = client_of(endpoint.endpoint);
    uint64_t words[PHX_WORDS] = { 0 };
    must(phx_invoke(client, 0, words, 1), "call");
    report("call_reply", MEASURE(REPEAT, phx_invoke(client, 0, words, 1)));
    start_peer(&image, endpoint.endpoint, "echo");
    rt_print("process_pages\t%lu\tpages\n", pages_used() - after);
    (void)before;

    must(account_new_endpoint(rt_cap("account"), &endpoint), "endpoint");
    start_peer(&image, endpoint.endpoint, "echo-message");
    client = client_of(endpoint.endpoint);
    m.send_address = (uint64_t)bytes;
    m.recv_address = (uint64_t)answer;
    m.recv_capacity = sizeof answer;
    m.deadline = PHX_FOREVER;
    m.send_length = 64;
    must(phx_send_message(PHX_OP_CALL(0, 1), client, &m), "call");
    report("call_reply_64", MEASURE(REPEAT, phx_send_message(PHX_OP_CALL(0, 1), client, &m)));
    m.send_length = PHX_MESSAGE_MAX;
    report("call_reply_4k", MEASURE(REPEAT, phx_send_message(PHX_OP_CALL(0, 1), client, &m)));
}

int main(int argc, char **argv)
{
    struct account_new_notification_out n;

    if (argc > 1 && rt_equal(argv[1], "echo"))
        echo_server();
    if (argc > 1 && rt_equal(argv[1], "echo-message"))
        echo_message_server();
    must(account_new_notification(rt_cap("account"), &n), "notification");
    bench_null();
    bench_ring();
    bench_caps(n.notification);
    bench_memory();
    bench_upcalls((struct phx_thread_page *)RT_THREAD_PAGE);
    bench_calls();
    power_shutdown(rt_cap("power"), 0);
    return 0;
}

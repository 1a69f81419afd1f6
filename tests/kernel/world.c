/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>

#define ARENA_BYTES (32UL << 20)
#define FIRST_USABLE (1UL << 20)
#define ROOT_TABLE 0x1000
#define MODULE 0x10000
#define MODULE_PAGES 4
#define BUDDY_LINK 24 /* bytes of a free page that the allocator uses */

static _Alignas(4096) uint8_t arena[ARENA_BYTES];
static struct boot_info boot = {
    .loader = "test",
    .module_base = MODULE,
    .module_size = MODULE_PAGES * PHX_PAGE_SIZE - 100,
    .command_line = "console=framed loglevel=0",
    .memory_bytes = ARENA_BYTES,
    .region_count = 1,
    .regions = {{FIRST_USABLE, ARENA_BYTES - FIRST_USABLE}},
    .phys_end = ARENA_BYTES,
};

struct program boss, alice, bob;
static bool started, standing, lonely, off_expected;
static jmp_buf slept, stopped;
static uint64_t baseline[RESOURCES], baseline_taken;

/* --- memory that can fail, and that notices who uses it after its end --------- */

static void *(*real_take)(struct memory *, uint64_t);
static void (*real_give)(struct memory *, void *, uint64_t);
static uint64_t taken;
static int64_t fail_at = -1;
static unsigned failed;

static void *take(struct memory *m, uint64_t pages)
{
    if (fail_at == 0) {
        fail_at = -1;
        failed++;
        return NULL;
    }
    if (fail_at > 0)
        fail_at--;
    void *p = real_take(m, pages);
    if (!p)
        return NULL;
    taken += pages;
    ASAN_UNPOISON_MEMORY_REGION(p, pages * PHX_PAGE_SIZE);
    memset(p, 0xa5, pages * PHX_PAGE_SIZE);
    return p;
}

static void give(struct memory *m, void *first, uint64_t pages)
{
    taken -= pages;
    real_give(m, first, pages);
    for (uint64_t i = 0; i < pages; i++)
        ASAN_POISON_MEMORY_REGION(
            (char *)first + i * PHX_PAGE_SIZE + BUDDY_LINK, PHX_PAGE_SIZE - BUDDY_LINK);
}

void memory_fail(int64_t n)
{
    fail_at = n;
    failed = 0;
}

unsigned memory_failed(void)
{
    return failed;
}

uint64_t memory_taken(void)
{
    return taken;
}

static uint32_t table_pages(const struct cap_table *t)
{
    uint32_t n = t->pages + (t->indirect != NULL);

    for (unsigned i = 0; t->indirect && i < TABLE_INDIRECT; i++)
        n += t->indirect[i] != NULL;
    return n;
}

void world_lonely_objects(void)
{
    CHECK(!started || lonely);
    lonely = true;
}

void starve(void)
{
    struct program *all[] = {&boss, &alice, &bob};

    for (unsigned i = 0; i < 3; i++) {
        struct account *a = all[i]->account;
        struct list *l;

        all[i]->process->table.free = NULL;
        for (unsigned k = 0; k < KIND_COUNT; k++)
            while ((l = list_first(&a->partial[k])))
                list_remove(l);
    }
}

/* --- the core ---------------------------------------------------------------- */

static void on_idle(void)
{
    longjmp(slept, 1);
}

/* The kernel stopped the machine: it says why on the serial line. */
static _Noreturn void on_stop(void)
{
    size_t n = arch_host.serial_length, from = n > 600 ? n - 600 : 0;

    for (size_t i = from; i < n; i++)
        if (arch_host.serial[i] < ' ' || arch_host.serial[i] > '~')
            arch_host.serial[i] = ' ';
    test_fail(
        __FILE__, __LINE__, "the machine stopped: %.*s", (int)(n - from), arch_host.serial + from);
}

void expect_off(void)
{
    off_expected = true;
}

/* Run kernel code until it would leave for ring 3, or sleep; false: it turned off. */
static bool inside(void (*entry)(struct thread *), struct thread *t)
{
    arch_host.stop = &stopped;
    arch_host.serial_length = 0;
    if (setjmp(stopped)) {
        if (!off_expected)
            on_stop();
        off_expected = false;
        return false;
    }
    if (setjmp(slept) == 0)
        entry(t);
    return true;
}

static void exit_only(struct thread *t)
{
    (void)t;
    kernel_lock(arch_host.cpu);
    kernel_exit(arch_host.cpu);
}

static void tick(struct thread *t)
{
    (void)t;
    kernel_timer(true);
}

void world_tick(void)
{
    inside(arch_host.cpu->current ? tick : exit_only, NULL);
}

void settle(void)
{
    unsigned turns = 0;

    do
        world_tick();
    while ((!list_is_empty(&kernel.chores) || !list_is_empty(&kernel.memory.ended)) &&
           ++turns < 1000);
}

void pass_time(uint64_t ns)
{
    arch_host.tsc += ns;
    settle();
    settle();
}

/* By the scheduler's own means: slices end until it is this one's turn. */
static void make_current(const struct thread *t)
{
    for (unsigned i = 0; arch_host.cpu->current != t; i++) {
        CHECK(i < 100);
        CHECK(t->state == THREAD_READY);
        world_tick();
    }
}

int64_t answer_of(const struct thread *t)
{
    if (t->state == THREAD_DEAD)
        return ENDED;
    return t->waiter.state != WAIT_NONE || t->work.step || t->ring_entering ? WAITS
                                                                            : (int64_t)t->regs.rax;
}

void run_entry(void (*entry)(struct thread *), struct thread *t)
{
    make_current(t);
    (void)inside(entry, t);
}

static void system_call(struct thread *t)
{
    (void)kernel_syscall(t);
}

int64_t sys(struct thread *t, uint64_t op, uint64_t cap, const uint64_t words[5])
{
    make_current(t);
    t->regs.rax = op;
    t->regs.rdi = cap;
    for (unsigned i = 0; i < 5; i++)
        WORD(t, i) = words[i];
    t->regs.rip = 0x2000;
    t->object.refs++; /* to be looked at, should it end */
    int64_t answer = inside(system_call, t) ? answer_of(t) : OFF;
    object_unref(&t->object);
    return answer;
}

/* --- programs ------------------------------------------------------------------ */

uint64_t space_resolve(struct space *s, uint64_t address, unsigned protection)
{
    const void *alias = user_alias(s, address, 1, protection);

    return alias ? direct_pa(alias) : 0;
}

void *at(const struct program *p, uint64_t address)
{
    uint64_t pa = space_resolve(p->process->space, address, PHX_PROT_READ);

    CHECK(pa != 0);
    return direct(pa);
}

struct object *object_of(const struct program *p, uint64_t id)
{
    struct hold *row = cap_row(&p->process->table, id);

    CHECK(row != NULL);
    return row->object;
}

static uint64_t boss_grant(uint64_t process, uint64_t cap, unsigned slot)
{
    CHECK_EQ(CALL(boss.thread, cap, CAPABILITY_IDENTIFY), 0);
    uint64_t methods = WORD(boss.thread, 1);
    CHECK_EQ(CALL(boss.thread, cap, CAPABILITY_GRANT, process, methods, slot), 0);
    return WORD(boss.thread, 0);
}

uint64_t grant(const struct program *from, uint64_t cap, const struct program *to)
{
    struct cap_table *table = &to->process->table;
    struct hold *row = cap_row(&from->process->table, cap);
    struct uses *counter;
    uint32_t index;

    CHECK(row != NULL);
    CHECK_EQ(cap_reserve(table, &index), OK);
    CHECK_EQ(cap_prepare_derive(&from->process->table, row, 0, &counter), OK);
    return cap_derive(table, index, row, row->methods, row->badge, row->interface, NULL);
}

uint64_t world_hold(const struct program *to, struct object *o, unsigned interface,
    uint64_t methods, uint64_t badge)
{
    uint32_t index;

    CHECK_EQ(cap_reserve(&to->process->table, &index), OK);
    return cap_put(&to->process->table, index, o, interface, methods, badge);
}

struct thread *another_thread(struct program *p)
{
    CHECK_EQ(CALL(p->thread, PHX_SLOT_ID(SLOT_PROCESS), PROCESS_NEW_THREAD, 0x2000, 0x90000), 0);
    uint64_t id = WORD(p->thread, 0);
    struct thread *t = CONTAINER(object_of(p, id), struct thread, object);
    CHECK_EQ(CALL(p->thread, id, THREAD_START), 0);
    CHECK_EQ(SYS(p->thread, PHX_OP_RELEASE, id), 0);
    return t;
}

/* A process with everything in the well-known slots, running, with some memory. */
static void build(struct program *p)
{
    static const uint8_t devices[] = {
        SLOT_CLOCK, SLOT_CONSOLE, SLOT_LOG, SLOT_POWER, SLOT_ENTROPY, SLOT_BOOT_PACKAGE};
    struct thread *b = boss.thread;

    CHECK_EQ(CALL(b, p->account_id, ACCOUNT_NEW_PROCESS, 0x1000, PHX_USER_END), 0);
    p->process_id = WORD(b, 0);
    p->space_id = WORD(b, 1);
    p->process = (struct process *)object_of(&boss, p->process_id);
    p->account = p->process->object.account;
    CHECK_EQ(CALL(b, p->account_id, ACCOUNT_NEW_POOL), 0);
    uint64_t pool = WORD(b, 0);
    boss_grant(p->process_id, pool, SLOT_POOL);
    CHECK_EQ(SYS(b, PHX_OP_RELEASE, pool), 0);
    boss_grant(p->process_id, p->process_id, SLOT_PROCESS);
    boss_grant(p->process_id, PHX_SLOT_ID(SLOT_THREAD), SLOT_THREAD);
    boss_grant(p->process_id, p->space_id, SLOT_SPACE);
    boss_grant(p->process_id, p->account_id, SLOT_ACCOUNT);
    for (unsigned i = 0; i < sizeof devices; i++)
        boss_grant(p->process_id, PHX_SLOT_ID(devices[i]), devices[i]);
    CHECK_EQ(CALL(b, p->process_id, PROCESS_NEW_THREAD, 0x2000, 0x90000), 0);
    p->thread_id = WORD(b, 0);
    p->thread = CONTAINER(object_of(&boss, p->thread_id), struct thread, object);
    CHECK_EQ(CALL(b, p->thread_id, THREAD_START), 0);
    CHECK_EQ(CALL(p->thread, PHX_SLOT_ID(SLOT_SPACE), ADDRESS_SPACE_POPULATE,
                 PHX_SLOT_ID(SLOT_POOL), MEMORY, MEMORY_PAGES, PHX_PROT_READ | PHX_PROT_WRITE),
        0);
    CHECK_EQ(WORD(p->thread, 0), MEMORY_PAGES);
}

struct program world_program(const struct program *like)
{
    struct program p = *like;

    build(&p);
    return p;
}

static void program_begin(struct program *p)
{
    CHECK_EQ(CALL(boss.thread, PHX_SLOT_ID(SLOT_ACCOUNT), ACCOUNT_CREATE, PAGES_ALL, HOLDS_ALL,
                 THREADS_ALL, 1000),
        0);
    p->account_id = WORD(boss.thread, 0);
    build(p);
}

/* --- the machine ----------------------------------------------------------------- */

static void boss_range(
    unsigned slot, unsigned interface, uint64_t methods, struct object *o, uint64_t badge)
{
    struct cap_table *table = &boss.process->table;

    CHECK_EQ(cap_reserve_slot(table, slot), OK);
    (void)cap_put(table, slot, o, interface, methods, badge);
}

static void boss_slot(unsigned slot, unsigned interface, uint64_t methods, struct object *o)
{
    boss_range(slot, interface, methods, o, 0);
}

static void boss_begin(void)
{
    CHECK_EQ(process_new(&kernel.root, 0x1000, PHX_USER_END, &boss.process), OK);
    boss.account = &kernel.root;
    boss_slot(SLOT_PROCESS, IFACE_PROCESS, PROCESS_M_ALL, &boss.process->object);
    boss_slot(SLOT_THREAD, IFACE_THREAD_CONTROL, THREAD_CONTROL_M_ALL, &boss.process->object);
    boss_slot(SLOT_ACCOUNT, IFACE_ACCOUNT, ACCOUNT_M_ALL, &kernel.root.object);
    boss_slot(SLOT_CLOCK, IFACE_CLOCK, CLOCK_M_ALL, &machine);
    boss_slot(SLOT_CONSOLE, IFACE_CONSOLE, CONSOLE_M_ALL, &machine);
    boss_slot(SLOT_LOG, IFACE_LOG, LOG_M_ALL, &machine);
    boss_slot(SLOT_POWER, IFACE_POWER, POWER_M_ALL, &machine);
    boss_slot(SLOT_ENTROPY, IFACE_ENTROPY, ENTROPY_M_ALL, &machine);
    boss_slot(SLOT_BOOT_PACKAGE, IFACE_BOOT_PACKAGE, BOOT_PACKAGE_M_ALL, &machine);
    boss_range(BOSS_IRQ, IFACE_IRQ, IRQ_M_ALL, &machine, ARCH_IRQS);
    boss_range(BOSS_PORTS, IFACE_IO_PORT, IO_PORT_M_ALL, &machine, 1 << 16);
    boss_range(BOSS_REGISTERS, IFACE_DEVICE_MEMORY, DEVICE_MEMORY_M_ALL, &device_memory.object,
        UINT32_MAX);
    boss_range(BOSS_FUNCTIONS, IFACE_PCI_FUNCTION, PCI_FUNCTION_M_ALL, &machine, 1 << 16);
    CHECK_EQ(thread_new(boss.process, NULL, 0, &boss.thread), OK);
    boss.process->state = PROCESS_RUNNING;
    thread_ready(boss.thread);
}

static void machine_start(void)
{
    arch_host_memory(arena, sizeof arena);
    arch_host.cpu = &cpus[0];
    arch_host.idle = on_idle;
    for (unsigned i = 0; i < 2; i++)
        cpus[i].index = i;
    arch_kernel_root = ROOT_TABLE;
    kernel.boot = &boot;
    console_init();
    log_init();
    uint64_t pages = frames_init(&boot);
    objects_init();
    for (unsigned k = 0; lonely && k < KIND_COUNT; k++)
        kernel.memory.size[k] = 3072;
    real_take = kernel.memory.take;
    real_give = kernel.memory.give;
    kernel.memory.take = take;
    kernel.memory.give = give;
    account_init(&kernel.root, NULL, &kernel.memory);
    kernel.root.object.refs = 1;
    kernel.root.limit[RESOURCE_PAGES] = pages;
    kernel.root.limit[RESOURCE_HOLDS] = 1 << 20;
    kernel.root.limit[RESOURCE_THREADS] = 1 << 16;
    kernel.root.limit[RESOURCE_ENERGY] = 1 << 20;
    kernel.root.limit[RESOURCE_TIME] = UINT64_C(1) << 60;
    kernel.root.limit[RESOURCE_GAS] = 1 << 20;
    schedules_init(1, 10000000);
    boss_begin();
}

static bool page_in_use(const struct cap_table *t, uint32_t page)
{
    for (uint32_t slot = 0; slot < HOLDS_PER_PAGE; slot++)
        if (cap_row_at(t, page << 6 | slot)->state != HOLD_FREE)
            return true;
    return false;
}

/* The boss lets go of all that it made, and what its rows keep for later. */
static void boss_tidy(void)
{
    struct cap_table *t = &boss.process->table;

    for (uint32_t i = TABLE_FIRST_FREE; i < t->pages * 64; i++) {
        struct hold *row = cap_row_at(t, i);

        if (i % 64 < HOLDS_PER_PAGE && row->state == HOLD_LIVE)
            CHECK_EQ(SYS(boss.thread, PHX_OP_RELEASE, cap_id(row, i)), 0);
    }
    /* Of its pages too, which are more with each row that is needed behind a starve(). */
    t->free = NULL;
    for (; t->pages > 1 && !page_in_use(t, t->pages - 1); t->pages--)
        account_give_pages(t->account, cap_page(t, t->pages - 1), 1);
    t->near = t->pages < TABLE_DIRECT ? t->pages : TABLE_DIRECT;
    for (uint32_t i = TABLE_FIRST_FREE; i < t->pages * 64; i++)
        if (i % 64 < HOLDS_PER_PAGE && cap_row_at(t, i)->state == HOLD_FREE)
            cap_offer(t, cap_row_at(t, i));
    for (uint32_t i = 1; i < TABLE_FIRST_FREE; i++) {
        struct hold *row = cap_row_at(t, i);

        if (row->state == HOLD_LIVE && row->down) {
            node_unref(row->down);
            row->down = NULL;
        }
    }
}

static void start_once(void)
{
    if (!started)
        machine_start();
    started = true;
}

void world_slots(unsigned count, uint64_t ns)
{
    CHECK(!standing);
    start_once();
    thread_leave_line(boss.thread);
    schedules_init(count, ns);
    if (boss.thread->state == THREAD_READY)
        thread_line_up(boss.thread);
}

void world_begin(void)
{
    CHECK(!standing);
    standing = true;
    start_once();
    memory_fail(-1);
    for (unsigned r = 0; r < RESOURCES; r++)
        baseline[r] = kernel.root.used[r] - world_spent(r);
    baseline[RESOURCE_PAGES] -= table_pages(&boss.process->table);
    baseline_taken = taken - table_pages(&boss.process->table);
    program_begin(&alice);
    program_begin(&bob);
    world_check();
}

/* Whose owner may have done it. */
static void destroy_account(uint64_t id)
{
    int64_t answer = CALL(boss.thread, id, ACCOUNT_DESTROY);

    for (unsigned turns = 0; answer == WAITS && turns < 1000; turns++) {
        settle();
        answer = answer_of(boss.thread);
    }
    CHECK(answer == 0 || answer == -PHX_REVOKED);
}

void world_end(void)
{
    memory_fail(-1);
    world_check();
    destroy_account(alice.account_id);
    destroy_account(bob.account_id);
    settle();
    boss_tidy();
    settle();
    world_check();
    CHECK_EQ(kernel.process_count, 1);
    CHECK(list_is_empty(&kernel.root.children));
    for (unsigned r = 0; r < RESOURCES; r++)
        if (r != RESOURCE_TIME) /* which passes */
            CHECK_EQ(kernel.root.used[r] - world_spent(r) -
                         (r == RESOURCE_PAGES ? table_pages(&boss.process->table) : 0u),
                baseline[r]);
    CHECK_EQ(taken - table_pages(&boss.process->table), baseline_taken);
    standing = false;
}

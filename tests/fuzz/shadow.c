/* SPDX-License-Identifier: MIT */
/*
 * The kernel's address sanitizer at run time: what `clang -fsanitize=kernel-address`
 * calls before each access, and who poisons what.
 *
 * One shadow byte says of eight bytes of the kernel's half how many may be touched
 * (0: all, 1 to 7: so many, negative: none, and why). There is a shadow of the direct
 * map, of the image and of the stacks; device registers and firmware tables beyond
 * memory have none and are not looked at. An address of ring 3 is wrong by itself: the
 * kernel reaches a program's memory through the direct map only.
 *
 * The kernel's sources know nothing of this. The linker puts the __wrap_ functions
 * below between the places that make and free memory and those that call them:
 *   boot_main, memory_init   map the shadow: first one zero page for all of it, then
 *                            real memory, taken before the allocator sees it
 *   buddy_*, memory.take and .give, frames   free pages are poison, but for the few
 *                            bytes in which the allocator keeps its lists
 *   objects_init, object_*, account_free_next   each kernel object gets a gap behind it;
 *                            gaps and free objects are poison
 *   memcpy and the like      look at both ranges once instead of at each word
 *   kernel_epitaph           says what a trap of UBSan's was
 * Stack frames and globals are the compiler's.
 *
 * Spec   LLVM, AddressSanitizer.cpp (the callbacks); Linux, mm/kasan (the same interface)
 * Tests  tests/fuzz/sanitize_test.sh: each kind of wrong is planted and found
 */
#include "arch/x86_64/machine.h"
#include "buddy.h"
#include "bytes.h"
#include "text.h"
#include "thread.h"

#define SHADOW_OFFSET 0xdffffc0000000000 /* build.mk tells the compiler */
#define SIZE_2M (1UL << 21)
#define IMAGE_SPAN (8 * SIZE_2M) /* what one page of 2 MiB of shadow covers */
#define STACKS_SPAN ((uint64_t)CPUS_MAX << STACKS_SLOT_SHIFT)
#define STACK_STEP (3 * PHX_PAGE_SIZE) /* a stack and its guard page (cpu.c) */
#define OBJECT_GAP 16
#define ALLOCATOR_BYTES 24 /* struct buddy_block at the front of a free page */
_Static_assert(sizeof(struct buddy_block) == ALLOCATOR_BYTES, "buddy.h");
_Static_assert(STACKS_SPAN <= IMAGE_SPAN, "one page of shadow covers the stacks");

/* Why a byte may not be touched; the compiler has its own for stacks and globals. */
#define POISON_STACK_LEFT 0xf1
#define POISON_STACK_MID 0xf2
#define POISON_STACK_RIGHT 0xf3
#define POISON_SCOPE 0xf8
#define POISON_GLOBAL 0xf9
#define POISON_GAP 0xfc
#define POISON_OBJECT 0xfd
#define POISON_PAGE 0xff

extern uint64_t early_tables[3][512];
extern void (*const sanitizer_constructors[])(void), (*const sanitizer_constructors_end[])(void);

static uint64_t direct_span; /* bytes of the direct map that have a shadow; 0: not yet */
static unsigned off;         /* atomic: not looking */
static void *fresh;          /* the page that was taken last, inside object_new */

static int8_t *shadow_of(uint64_t address)
{
    return (int8_t *)((address >> 3) + SHADOW_OFFSET);
}

/* --- saying it ------------------------------------------------------------------- */

static const char *reason(uint8_t poison)
{
    switch (poison) {
    case POISON_STACK_LEFT:
    case POISON_STACK_MID:
    case POISON_STACK_RIGHT: return "outside of a variable on the stack";
    case POISON_SCOPE: return "a variable whose block was left";
    case POISON_GLOBAL: return "outside of a global";
    case POISON_GAP: return "outside of a kernel object";
    case POISON_OBJECT: return "a kernel object that was freed";
    case POISON_PAGE: return "a page that was freed";
    default: return "the end of what is there";
    }
}

static __attribute__((noinline)) void report(uint64_t address, uint64_t size, bool is_write,
                                             const char *why)
{
    __atomic_store_n(&off, 1u << 16, __ATOMIC_RELAXED);
    panic("address sanitizer: %s of %lu bytes at 0x%lx: %s", is_write ? "write" : "read", size,
          address, why);
}

/* A trap of UBSan's is `ud1 check(%eax), %eax`; its checks are numbered. */
static const char *undefined(const uint8_t *code)
{
    static const char *const checks[] = {
        "addition overflows", "what cannot be reached was", "check", "division", "check", "check",
        "check", "check", "argument of a builtin", "check", "a value that its type has not",
        "no value returned", "multiplication overflows", "negation overflows", "a null argument",
        "a null value", "a null argument", "a null value", "index out of bounds",
        "a pointer leaves what it points into", "shift out of bounds", "subtraction overflows",
        "a pointer to no such object", "alignment", "length of an array",
    };
    unsigned check = code[3] == 0x40 ? code[4] : 0;

    if (code[0] != 0x67 || code[1] != 0x0f || code[2] != 0xb9 || (code[3] & ~0x40) != 0 ||
        check >= sizeof checks / sizeof *checks)
        return NULL;
    return checks[check];
}

_Noreturn void __real_kernel_epitaph(const char *what, const struct phx_registers *registers,
                                     uint64_t address);
_Noreturn void __wrap_kernel_epitaph(const char *what, const struct phx_registers *registers,
                                     uint64_t address);
_Noreturn void __wrap_kernel_epitaph(const char *what, const struct phx_registers *registers,
                                     uint64_t address)
{
    char text[128];
    bool is_text = registers != NULL && registers->rip >= (uint64_t)kernel_start &&
                   registers->rip < (uint64_t)kernel_text_end;
    const char *check = is_text ? undefined((const uint8_t *)registers->rip) : NULL;

    __atomic_store_n(&off, 1u << 16, __ATOMIC_RELAXED);
    if (check != NULL)
        text_fmt(text, sizeof text, "undefined behaviour: %s", check);
    __real_kernel_epitaph(check != NULL ? text : what, registers, address);
}

/* --- looking --------------------------------------------------------------------- */

static bool has_shadow(uint64_t address)
{
    return address - DIRECT_BASE < direct_span || address - KERNEL_BASE < IMAGE_SPAN ||
           address - STACKS_BASE < STACKS_SPAN;
}

static bool is_good(uint64_t byte)
{
    int8_t s = *shadow_of(byte);

    return s == 0 || (int8_t)(byte & 7) < s;
}

/* The byte of shadow that says why. */
static const char *why_not(uint64_t address, uint64_t size)
{
    for (; size > 1 && is_good(address); size--)
        address++;
    int8_t s = *shadow_of(address);

    return reason((uint8_t)(s > 0 ? *shadow_of(address + 8) : s));
}

static void look(uint64_t address, uint64_t size, bool is_write)
{
    if (direct_span == 0 || size == 0 || __atomic_load_n(&off, __ATOMIC_RELAXED) != 0)
        return;
    if (!(address >> 63)) {
        report(address, size, is_write, "no address of the kernel");
        return;
    }
    if (!has_shadow(address))
        return;
    for (uint64_t at = address | 7; at < address + size - 1; at += 8)
        if (!is_good(at)) {
            report(address, size, is_write, why_not(address, size));
            return;
        }
    if (!is_good(address + size - 1))
        report(address, size, is_write, why_not(address, size));
}

#define ACCESS(n)                                       \
    void __asan_load##n##_noabort(uint64_t address);    \
    void __asan_load##n##_noabort(uint64_t address)     \
    {                                                   \
        look(address, n, false);                        \
    }                                                   \
    void __asan_store##n##_noabort(uint64_t address);   \
    void __asan_store##n##_noabort(uint64_t address)    \
    {                                                   \
        look(address, n, true);                         \
    }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __asan_loadN_noabort(uint64_t address, uint64_t size);
void __asan_loadN_noabort(uint64_t address, uint64_t size)
{
    look(address, size, false);
}

void __asan_storeN_noabort(uint64_t address, uint64_t size);
void __asan_storeN_noabort(uint64_t address, uint64_t size)
{
    look(address, size, true);
}

void *__real_memcpy(void *restrict to, const void *restrict from, size_t size);
void *__wrap_memcpy(void *restrict to, const void *restrict from, size_t size);
void *__wrap_memcpy(void *restrict to, const void *restrict from, size_t size)
{
    look((uint64_t)from, size, false);
    look((uint64_t)to, size, true);
    return __real_memcpy(to, from, size);
}

void *__real_memmove(void *to, const void *from, size_t size);
void *__wrap_memmove(void *to, const void *from, size_t size);
void *__wrap_memmove(void *to, const void *from, size_t size)
{
    look((uint64_t)from, size, false);
    look((uint64_t)to, size, true);
    return __real_memmove(to, from, size);
}

void *__real_memset(void *to, int value, size_t size);
void *__wrap_memset(void *to, int value, size_t size);
void *__wrap_memset(void *to, int value, size_t size)
{
    look((uint64_t)to, size, true);
    return __real_memset(to, value, size);
}

int __real_memcmp(const void *a, const void *b, size_t size);
int __wrap_memcmp(const void *a, const void *b, size_t size);
int __wrap_memcmp(const void *a, const void *b, size_t size)
{
    look((uint64_t)a, size, false);
    look((uint64_t)b, size, false);
    return __real_memcmp(a, b, size);
}

/* --- poisoning --------------------------------------------------------------------- */

/* Whole groups of eight bytes. */
static void fill(uint64_t address, uint64_t size, uint8_t value)
{
    __real_memset(shadow_of(address), value, size >> 3);
}

static void poison_pages(void *first, uint64_t pages)
{
    for (uint64_t at = (uint64_t)first; pages > 0; pages--, at += PHX_PAGE_SIZE)
        fill(at + ALLOCATOR_BYTES, PHX_PAGE_SIZE - ALLOCATOR_BYTES, POISON_PAGE);
}

struct global { /* AddressSanitizer.cpp */
    uint64_t address, size, size_with_gap;
    const char *name, *module;
    uint64_t dynamic, location, indicator;
};

void __asan_register_globals(const struct global *globals, uint64_t count);
void __asan_register_globals(const struct global *globals, uint64_t count)
{
    for (const struct global *g = globals; g < globals + count; g++) {
        uint64_t end = (g->size + 7) & ~7UL;

        fill(g->address + end, g->size_with_gap - end, POISON_GLOBAL);
        if (g->size % 8 != 0)
            *shadow_of(g->address + g->size) = (int8_t)(g->size % 8);
    }
}

void __asan_unregister_globals(const struct global *globals, uint64_t count);
void __asan_unregister_globals(const struct global *globals, uint64_t count)
{
    (void)globals;
    (void)count;
}

/* What is on this core's stack above here will never be left in an orderly way. */
void __asan_handle_no_return(void);
void __asan_handle_no_return(void)
{
    uint64_t here = (uint64_t)__builtin_frame_address(0), offset = here - STACKS_BASE;
    uint64_t in_slot = offset & ((1UL << STACKS_SLOT_SHIFT) - 1);

    if (direct_span != 0 && offset < STACKS_SPAN)
        fill(here & ~7UL, STACK_STEP - in_slot % STACK_STEP, 0);
}

#define SET_SHADOW(value)                                         \
    void __asan_set_shadow_##value(void *shadow, uint64_t size);  \
    void __asan_set_shadow_##value(void *shadow, uint64_t size)   \
    {                                                             \
        __real_memset(shadow, 0x##value, size);                   \
    }
SET_SHADOW(00)
SET_SHADOW(f1)
SET_SHADOW(f2)
SET_SHADOW(f3)
SET_SHADOW(f5)
SET_SHADOW(f8)

/* --- the shadow itself --------------------------------------------------------------- */

static uint64_t zero_shadow[4][512] __attribute__((aligned(4096))); /* three tables, a page */

static uint64_t *top_entry(uint64_t *top, uint64_t address)
{
    return top + ((uint64_t)shadow_of(address) >> 39 & 511);
}

/* Before there is memory for it: all of it is the one page, which nobody looks at. */
static void early_shadow(void)
{
    for (unsigned level = 0; level < 3; level++)
        for (unsigned i = 0; i < 512; i++)
            zero_shadow[level][i] = ((uint64_t)zero_shadow[level + 1] - KERNEL_BASE) | PTE_P |
                                    PTE_W | PTE_A;
    *top_entry(early_tables[0], DIRECT_BASE) = *top_entry(early_tables[0], KERNEL_BASE) =
        ((uint64_t)zero_shadow - KERNEL_BASE) | PTE_P | PTE_W | PTE_A;
}

_Noreturn void __real_boot_main(void *start_info_pa);
_Noreturn void __wrap_boot_main(void *start_info_pa);
_Noreturn void __wrap_boot_main(void *start_info_pa)
{
    early_shadow();
    __real_boot_main(start_info_pa);
}

/* Memory that the kernel never learns of. */
static uint64_t steal(uint64_t size)
{
    for (unsigned i = boot_info.region_count; i-- > 0;) {
        const struct boot_region *r = &boot_info.regions[i];
        uint64_t base = (r->base + r->size - size) & ~(SIZE_2M - 1);

        if (r->size >= size && base >= r->base) {
            regions_cut(&boot_info, base, base + size);
            return base;
        }
    }
    kernel_epitaph("no memory for the sanitizer's shadow: give the machine more", NULL, 0);
}

static void map_shadow(uint64_t address, uint64_t size, uint64_t *pa)
{
    for (uint64_t at = (uint64_t)shadow_of(address), end = at + size; at < end; at += SIZE_2M) {
        memory_map(at, *pa, 21, PTE_NX | PTE_W);
        *pa += SIZE_2M;
    }
}

/* While the tables for it are made, the early ones are in use, with the early shadow. */
void __real_memory_init(const struct boot_info *ram);
void __wrap_memory_init(const struct boot_info *ram);
void __wrap_memory_init(const struct boot_info *ram)
{
    uint64_t *root, size, pa;

    __real_memory_init(ram);
    early_shadow();
    arch_root_load((uint64_t)early_tables - KERNEL_BASE);
    size = ((boot_info.phys_end >> 3) + SIZE_2M - 1) & ~(SIZE_2M - 1);
    pa = steal(size + 2 * SIZE_2M);
    for (uint64_t at = pa; at < pa + size + 2 * SIZE_2M; at += PHX_PAGE_SIZE)
        page_zero(direct(at));
    map_shadow(DIRECT_BASE, size, &pa);
    map_shadow(KERNEL_BASE, SIZE_2M, &pa);
    map_shadow(STACKS_BASE, SIZE_2M, &pa);
    root = direct(arch_kernel_root);
    *top_entry(early_tables[0], DIRECT_BASE) = *top_entry(root, DIRECT_BASE);
    *top_entry(early_tables[0], KERNEL_BASE) = *top_entry(root, KERNEL_BASE);
    arch_root_load(arch_kernel_root);
    if ((uint64_t)kernel_end - KERNEL_BASE > IMAGE_SPAN)
        kernel_epitaph("the image is longer than its shadow", NULL, 0);
    direct_span = boot_info.phys_end;
    for (unsigned i = 0; sanitizer_constructors + i < sanitizer_constructors_end; i++)
        sanitizer_constructors[i]();
}

/* --- pages ---------------------------------------------------------------------------- */

static void *(*real_take)(struct memory *, uint64_t);
static void (*real_give)(struct memory *, void *, uint64_t);

static void *take(struct memory *m, uint64_t pages)
{
    void *first = real_take(m, pages);

    if (first != NULL)
        fill((uint64_t)first, pages << PHX_PAGE_SHIFT, 0);
    fresh = first;
    return first;
}

static void give(struct memory *m, void *first, uint64_t pages)
{
    for (uint64_t i = 0; i < pages << PHX_PAGE_SHIFT; i += PHX_PAGE_SIZE)
        if (*shadow_of((uint64_t)first + i + PHX_PAGE_SIZE - 1) == (int8_t)POISON_PAGE)
            report((uint64_t)first + i, PHX_PAGE_SIZE, true, "freed a second time");
    real_give(m, first, pages);
    poison_pages(first, pages);
}

/* What boot hands the allocator. */
void __real_buddy_free(struct buddy *buddy, uint64_t pfn, uint64_t pages);
void __wrap_buddy_free(struct buddy *buddy, uint64_t pfn, uint64_t pages);
void __wrap_buddy_free(struct buddy *buddy, uint64_t pfn, uint64_t pages)
{
    poison_pages(direct(pfn << PHX_PAGE_SHIFT), pages);
    __real_buddy_free(buddy, pfn, pages);
}

uint64_t __real_frames_init(const struct boot_info *info);
uint64_t __wrap_frames_init(const struct boot_info *info);
uint64_t __wrap_frames_init(const struct boot_info *info)
{
    uint64_t pages = __real_frames_init(info);

    real_take = kernel.memory.take;
    real_give = kernel.memory.give;
    kernel.memory.take = take;
    kernel.memory.give = give;
    return pages;
}

/* --- objects ---------------------------------------------------------------------------- */

static uint64_t gap_of(const struct memory *m, enum kind kind)
{
    return m->align[kind] > OBJECT_GAP ? m->align[kind] : OBJECT_GAP;
}

void __real_objects_init(void);
void __wrap_objects_init(void);
void __wrap_objects_init(void)
{
    struct memory *m = &kernel.memory;

    __real_objects_init();
    for (enum kind k = 0; k < KIND_COUNT; k++)
        m->size[k] = (uint16_t)(m->size[k] + gap_of(m, k));
}

/* The allocator's own look at the free list and its zeroing of the gap are right. */
err_t __real_object_new(struct account *a, enum kind kind, void *object);
err_t __wrap_object_new(struct account *a, enum kind kind, void *object);
err_t __wrap_object_new(struct account *a, enum kind kind, void *object)
{
    uint64_t size = a->memory->size[kind] - gap_of(a->memory, kind), made, page;

    fresh = NULL;
    __atomic_add_fetch(&off, 1, __ATOMIC_RELAXED);
    err_t err = __real_object_new(a, kind, object);
    __atomic_sub_fetch(&off, 1, __ATOMIC_RELAXED);
    if (err != OK)
        return err;
    memcpy(&made, object, sizeof made);
    page = made & ~(PHX_PAGE_SIZE - 1UL);
    if (fresh != NULL)
        fill(made, page + PHX_PAGE_SIZE - made, POISON_GAP);
    fill(made, size, 0);
    return OK;
}

/* A page of objects that became free is poison already. */
static void poison_object(const struct memory *m, const void *object, enum kind kind)
{
    const void *last = (const void *)((uint64_t)object | (PHX_PAGE_SIZE - 1));

    if (*shadow_of((uint64_t)last) != (int8_t)POISON_PAGE)
        fill((uint64_t)object, m->size[kind] - gap_of(m, kind), POISON_OBJECT);
}

static enum kind kind_of(const void *object)
{
    const struct { /* struct object_page of account.c */
        struct list link;
        struct account *account;
        void *free;
        uint16_t kind;
    } *page = (const void *)((uint64_t)object & ~(PHX_PAGE_SIZE - 1UL));

    return page->kind;
}

void __real_object_free(void *object);
void __wrap_object_free(void *object);
void __wrap_object_free(void *object)
{
    enum kind kind = kind_of(object);

    if (*shadow_of((uint64_t)object) < 0)
        report((uint64_t)object, 1, true, "an object that is freed a second time");
    __real_object_free(object);
    poison_object(&kernel.memory, object, kind);
}

/* It frees the first account of the list. */
bool __real_account_free_next(struct memory *m);
bool __wrap_account_free_next(struct memory *m);
bool __wrap_account_free_next(struct memory *m)
{
    struct list *first = list_first(&m->ended);
    bool freed = __real_account_free_next(m);

    if (freed)
        poison_object(m, CONTAINER(first, struct account, sibling), KIND_ACCOUNT);
    return freed;
}

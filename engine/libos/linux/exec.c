/* SPDX-License-Identifier: MIT */
/*
 * Loading the program: its segments become areas that show its file, its stack is
 * built, and frame 0 gets the registers that it begins with.
 *
 * Text is the file's own pages, which every process that runs it shares; data is
 * copied page by page as it is touched.
 */
#include "bytes.h"
#include "elf.h"
#include "face.h"
#include "heap.h"
#include "kernel.h"
#include "kernel.stubs.h"
#include "mm.h"
#include "path.h"
#include "stack.h"
#include "start.h"
#include "stream.h"
#include "upcall.h"
#include "user.h"

#define PIE_BASE UINT64_C(0x555555554000)
#define STACK_SIZE UINT64_C(0x800000)
#define GUARD UINT64_C(0x100000) /* nothing, above and below the stack */
#define ARGUMENTS_MAX (STACK_SIZE / 4)
#define CANNOT_RUN (126 << 8)

/* Where the stack begins: below the libos, and below the program's file, which the
 * spawner maps somewhere near. */
static uint64_t stack_top;

static _Noreturn void refuse(const char *why)
{
    program_error("phoenix: %s: %s\n", program_name, why);
    process_end(CANNOT_RUN);
}

static void check(struct elf_info *info)
{
    const char *wrong = elf_check(start_program.image, start_program.image_size, info);

    if (wrong)
        refuse(wrong);
}

/* --- segments ------------------------------------------------------------- */

static void keep(struct backing *backing)
{
    heap_free(backing, sizeof(*backing));
}

static uint32_t protection_of(uint32_t flags)
{
    return ((flags & ELF_READ) != 0 ? PHX_PROT_READ : 0u) |
           ((flags & ELF_WRITE) != 0 ? PHX_PROT_WRITE : 0u) |
           ((flags & ELF_EXECUTE) != 0 ? PHX_PROT_EXECUTE : 0u);
}

static uint64_t page_down(uint64_t n)
{
    return n & -(uint64_t)PHX_PAGE_SIZE;
}

static uint64_t page_up(uint64_t n)
{
    return page_down(n + PHX_PAGE_SIZE - 1);
}

static int64_t map_file_part(const struct elf_segment *s, uint64_t bias)
{
    struct backing *backing = heap_alloc(sizeof(*backing));
    struct mm_request request = {
        .address = bias + page_down(s->address),
        .length = page_up(s->address + s->file_size) - page_down(s->address),
        .offset = page_down(s->offset),
        .backing = backing,
        .protection = protection_of(s->flags),
        .where = MM_FIXED,
    };

    if (backing == NULL)
        return -E_NOMEM;
    backing->content = start_program.image;
    /* Behind the segment's bytes its pages are zero, whatever the file has there;
     * pages that are never written show the file. */
    backing->length = (s->flags & ELF_WRITE) != 0 ? s->offset + s->file_size
                                                  : start_program.image_size;
    backing->frame = caps.image;
    backing->free = keep;
    return mm_map(&request);
}

static int64_t map_zero_part(const struct elf_segment *s, uint64_t bias)
{
    uint64_t start = s->file_size == 0 ? page_down(s->address)
                                       : page_up(s->address + s->file_size);
    uint64_t end = page_up(s->address + s->memory_size);
    struct mm_request request = {
        .address = bias + start,
        .length = end - start,
        .protection = protection_of(s->flags),
        .where = MM_FIXED,
    };

    return end <= start ? 0 : mm_map(&request);
}

static void map_segments(const struct elf_info *info, uint64_t bias)
{
    struct elf_segment s;

    for (unsigned at = 0; elf_segment(info, &at, &s);) {
        int64_t e = s.file_size == 0 ? 0 : map_file_part(&s, bias);

        if (e >= 0)
            e = map_zero_part(&s, bias);
        if (e < 0)
            refuse("cannot run here: there is no room for it in memory");
    }
}

/* --- the stack ------------------------------------------------------------ */

static void place_stack(void)
{
    uint64_t image = (uint64_t)start_program.image;

    stack_top = page_down(image < LIBOS_LOW ? image : LIBOS_LOW) - GUARD;
}

static void map_stack(bool executable)
{
    struct mm_request request = {
        .address = stack_top - STACK_SIZE,
        .length = STACK_SIZE,
        .protection = PHX_PROT_READ | PHX_PROT_WRITE | (executable ? PHX_PROT_EXECUTE : 0u),
        .flags = VMA_GROWS_DOWN,
        .where = MM_FIXED_FREE,
    };

    if (mm_map(&request) < 0)
        refuse("cannot run here: there is no room for its stack");
    mm_set_high(stack_top - STACK_SIZE - GUARD);
}

/* Without Entropy the bytes are nothing that anyone should rely on; the C library
 * wants some. */
static void fill_random(uint8_t random[16])
{
    uint64_t mix[2] = {program_pid * 0x9e3779b97f4a7c15, (uint64_t)start_program.image};

    memcpy(random, mix, 16);
    if (caps.entropy != 0)
        entropy_fill(caps.entropy, (uint64_t)random, 16);
}

static uint64_t cpu_capabilities(void)
{
    uint32_t a = 1, b, c = 0, d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return d;
}

static uint64_t build_stack(const struct elf_info *info, uint64_t bias)
{
    struct stack_plan plan = {
        .argument_count = start_program.arguments.count,
        .environment_count = start_program.environment.count,
        .arguments = start_program.arguments.texts,
        .environment = start_program.environment.texts,
        .file_name = start_program.path,
        .header_address = info->phdr_address == 0 ? 0 : bias + info->phdr_address,
        .header_count = info->phdr_count,
        .entry = bias + info->entry,
        .capabilities = cpu_capabilities(),
        .least_signal_stack = frame_least_stack(),
    };
    size_t size = stack_size(&plan);
    uint8_t *bytes;
    uint64_t pointer;

    if (size > ARGUMENTS_MAX)
        refuse("cannot run: its arguments are too long");
    fill_random(plan.random);
    bytes = heap_alloc(size);
    if (bytes == NULL)
        refuse("cannot run here: out of memory");
    pointer = stack_build(&plan, bytes, size, stack_top);
    if (copy_to_user(pointer, bytes + size - (stack_top - pointer), stack_top - pointer) < 0)
        refuse("cannot run here: there is no memory for its stack");
    heap_free(bytes, size);
    return pointer;
}

/* --- the start ------------------------------------------------------------ */

static void open_streams(void)
{
    for (unsigned i = 0; i < 3; i++) {
        struct file *file = console_open(i);

        if (file == NULL)
            refuse("cannot run here: out of memory");
        file->face_flags = i == 0 ? 0 : O_WRONLY;
        descriptor_new(file, 0, false);
    }
}

void face_start(const struct phx_start *start)
{
    struct phx_registers *r = thread_registers_of(thread_self());
    struct linux_thread *l = linux_self();
    struct elf_info info;
    uint64_t bias = 0;
    size_t n = strlen(program_name);
    int64_t e = 0;

    (void)start;
    open_streams();
    check(&info);
    if (info.relocatable)
        bias = ((PIE_BASE + info.align - 1) & -info.align) - (info.low & -info.align);
    place_stack();
    if (bias + info.high > stack_top - STACK_SIZE - GUARD)
        refuse("cannot run here: it wants addresses that are the system's");
    map_segments(&info, bias);
    map_stack(info.execute_stack);
    mm_set_break(bias + page_up(info.high));
    signal_init();
    memcpy(l->name, program_name, n < 15 ? n : 15);
    if (start_program.directory[0] != 0 && caps.names != 0)
        e = directory_set(start_program.directory);
    if (e < 0)
        refuse(e == -E_NOTDIR ? "its working directory is no directory"
                              : "its working directory is not there");
    timers_init();
    memset(r, 0, sizeof(*r));
    r->rsp = build_stack(&info, bias);
    r->rip = bias + info.entry;
    r->rflags = 0x202;
}

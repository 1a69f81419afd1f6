/* SPDX-License-Identifier: MIT */
/*
 * Loading the program: what load.c decided is mapped, its stack is built, and frame 0
 * gets the registers that it begins with.
 *
 * Text is the file's own pages, which every process that runs it shares; data is
 * copied page by page as it is touched.
 */
#include "bytes.h"
#include "face.h"
#include "heap.h"
#include "kernel.h"
#include "kernel.stubs.h"
#include "load.h"
#include "mm.h"
#include "path.h"
#include "stack.h"
#include "start.h"
#include "stream.h"
#include "upcall.h"
#include "user.h"
#include "watch.h"

#define ARGUMENTS_MAX (LOAD_STACK_SIZE / 4)
#define CANNOT_RUN (126 << 8)

static _Noreturn void refuse(const char *why)
{
    program_error("phoenix: %s: %s\n", program_name, why);
    process_end(CANNOT_RUN);
}

/* Its stack ends below the libos, and below its file, which the spawner mapped
 * somewhere near. */
static void decide(struct load_plan *plan)
{
    uint64_t image = (uint64_t)start_program.image;
    struct load_limits limits = {
        .low = start_program.low,
        .high = (image < LIBOS_LOW ? image : LIBOS_LOW) & -(uint64_t)PHX_PAGE_SIZE,
    };
    const char *wrong =
        load_decide(start_program.image, start_program.image_size, &limits, plan);

    if (wrong)
        refuse(wrong);
}

/* --- memory --------------------------------------------------------------- */

static void keep(struct backing *backing)
{
    heap_free(backing, sizeof(*backing));
}

static struct backing *backing_of(const struct load_area *area)
{
    struct backing *backing = heap_alloc(sizeof(*backing));

    if (backing == NULL)
        refuse("cannot run here: out of memory");
    backing->content = start_program.image;
    backing->length = area->content;
    backing->frame = caps.image;
    backing->free = keep;
    return backing;
}

static void map_areas(const struct load_plan *plan)
{
    struct load_area area;

    for (unsigned at = 0; load_area(plan, &at, &area);) {
        struct mm_request request = {
            .address = area.address,
            .length = area.length,
            .offset = area.offset,
            .backing = area.content == 0 ? NULL : backing_of(&area),
            .protection = area.protection,
            .where = MM_FIXED,
        };

        if (mm_map(&request) < 0)
            refuse("cannot run here: there is no room for it in memory");
    }
}

static void map_stack(const struct load_plan *plan)
{
    struct mm_request request = {
        .address = plan->stack_low,
        .length = plan->stack_top - plan->stack_low,
        .protection = PHX_PROT_READ | PHX_PROT_WRITE |
                      (plan->execute_stack ? PHX_PROT_EXECUTE : 0u),
        .flags = VMA_GROWS_DOWN,
        .where = MM_FIXED_FREE,
    };

    if (mm_map(&request) < 0)
        refuse("cannot run here: there is no room for its stack");
    mm_set_high(plan->stack_low - LOAD_GUARD);
    mm_set_break(plan->break_start);
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

static uint64_t build_stack(const struct load_plan *load)
{
    struct stack_plan plan = {
        .argument_count = start_program.arguments.count,
        .environment_count = start_program.environment.count,
        .arguments = start_program.arguments.texts,
        .environment = start_program.environment.texts,
        .file_name = start_program.path,
        .header_address = load->headers,
        .header_count = load->info.phdr_count,
        .entry = load->entry,
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
    pointer = stack_build(&plan, bytes, size, load->stack_top);
    if (copy_to_user(pointer, bytes + size - (load->stack_top - pointer),
                     load->stack_top - pointer) < 0)
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
    struct load_plan plan;
    size_t n = strlen(program_name);
    int64_t e = 0;

    (void)start;
    open_streams();
    decide(&plan);
    map_areas(&plan);
    map_stack(&plan);
    signal_init();
    memcpy(l->name, program_name, n < 15 ? n : 15);
    if (start_program.directory[0] != 0 && caps.names != 0)
        e = directory_set(start_program.directory);
    if (e < 0)
        refuse(e == -E_NOTDIR ? "its working directory is no directory"
                              : "its working directory is not there");
    timers_init();
    memset(r, 0, sizeof(*r));
    r->rsp = build_stack(&plan);
    r->rip = plan.entry;
    r->rflags = 0x202;
    watch_begin(r);
}

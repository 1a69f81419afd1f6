/* SPDX-License-Identifier: MIT */
/*
 * arch.h for unit tests: what a machine would do is recorded, what it would say comes
 * from the test.
 */
#include "arch.h"

#include <stdio.h>
#include <stdlib.h>

#define FPU_SIZE 832 /* x87, SSE, AVX */

struct arch_host arch_host;
struct arch_clock arch_clock = { .multiplier = 1, .shift = 0 }; /* a tick is 1 ns */
unsigned arch_fpu_size = FPU_SIZE;
static uint8_t *memory;
static uint64_t memory_size;

void arch_host_memory(void *base, uint64_t size)
{
    memory = base;
    memory_size = size;
    arch_host = (struct arch_host){ .tsc_step = 1, .cores = 1, .fpu_trap = true };
}

static _Noreturn void outside(uint64_t address)
{
    fprintf(stderr, "no physical memory at %#llx\n", (unsigned long long)address);
    abort();
}

void *arch_host_direct(uint64_t pa)
{
    if (pa >= memory_size)
        outside(pa);
    return memory + pa;
}

uint64_t arch_host_pa(const void *p)
{
    uint64_t pa = (uint64_t)((const uint8_t *)p - memory);

    if (pa >= memory_size)
        outside((uint64_t)p);
    return pa;
}

static _Noreturn void stop(int reason)
{
    arch_host.stop_reason = reason;
    if (arch_host.stop != NULL)
        longjmp(*arch_host.stop, reason);
    fprintf(stderr, "the kernel left for good (%d)\n", reason);
    abort();
}

void arch_enter_user(void)
{
    stop(ARCH_HOST_ENTER_USER);
}

void arch_shutdown(unsigned status)
{
    arch_host.shutdown_status = status;
    stop(ARCH_HOST_SHUTDOWN);
}

void arch_reboot(void)
{
    stop(ARCH_HOST_REBOOT);
}

void arch_interrupt_window(void)
{
    arch_host.windows++;
    if (arch_host.window)
        arch_host.window();
}

void arch_idle(void)
{
    arch_host.idles++;
    if (arch_host.idle)
        arch_host.idle();
}

unsigned arch_start_cpus(void)
{
    return arch_host.cores;
}

void arch_send_wakeup(unsigned cpu)
{
    arch_host.wakeups[cpu]++;
}

void arch_send_flush(unsigned cpu)
{
    arch_host.flush_requests[cpu]++;
    if (arch_host.flush)
        arch_host.flush(cpu);
}

void arch_stop_others(void)
{
}

void arch_timer_arm(uint64_t ns)
{
    arch_host.timer = ns;
}

void arch_fpu_init(void *area)
{
    memset(area, 0, FPU_SIZE);
}

void arch_fpu_save(void *area)
{
    arch_host.fpu_area = area;
}

void arch_fpu_load(const void *area)
{
    arch_host.fpu_area = area;
}

void arch_fpu_trap(bool on)
{
    arch_host.fpu_trap = on;
}

void arch_serial_write(const void *bytes, size_t length)
{
    size_t room = sizeof arch_host.serial - arch_host.serial_length;

    if (length > room)
        length = room;
    memcpy(arch_host.serial + arch_host.serial_length, bytes, length);
    arch_host.serial_length += length;
}

int arch_serial_read(void)
{
    if (arch_host.input_length == 0)
        return -1;
    arch_host.input_length--;
    return (unsigned char)*arch_host.input++;
}

/* COM1, the pages of the arena, and a line. */
bool arch_is_kernels(enum arch_range kind, uint64_t first, uint64_t count)
{
    switch (kind) {
    case ARCH_PORTS: return first < 0x400 && first + count > 0x3f8;
    case ARCH_PAGES: return first < memory_size >> PHX_PAGE_SHIFT;
    case ARCH_LINES: return first <= ARCH_HOST_LINE && first + count > ARCH_HOST_LINE;
    default: return false;
    }
}

void arch_irq_set(unsigned line, bool open)
{
    arch_host.lines_open &= ~(1UL << line);
    arch_host.lines_open |= (uint64_t)open << line;
}

bool arch_irq_is_level(unsigned line)
{
    return arch_host.lines_level >> line & 1;
}

void arch_irq_end(void)
{
    arch_host.irq_ends++;
}

bool arch_dma_confines(void)
{
    return arch_host.has_dma_unit;
}

void arch_dma_set(uint16_t function, unsigned domain, uint64_t root)
{
    arch_host.dma_roots[function] = root;
    arch_host.dma_sets++;
    arch_dma_flush(domain);
}

void arch_dma_flush(unsigned domain)
{
    if (domain == 0)
        return;
    arch_host.dma_flushes[domain]++;
    if (arch_host.dma_flush)
        arch_host.dma_flush(domain);
}

bool arch_dma_fault(struct arch_dma_fault *out)
{
    *out = arch_host.dma_fault;
    arch_host.dma_fault.function = 0;
    return out->function != 0;
}

uint64_t arch_random(void)
{
    return ++arch_host.random;
}

void arch_backtrace(const struct phx_registers *registers, void (*line)(const char *text))
{
    (void)registers;
    line("  (on the host)");
}

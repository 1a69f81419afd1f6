/* SPDX-License-Identifier: MIT */
/*
 * All that the kernel asks of the hardware, on one page. arch/x86_64 answers in a
 * machine, tests/arch/host in unit tests. Nothing outside arch/ contains assembly, port
 * or register numbers, or knows a page-table format.
 *
 * The way in and out belongs to arch: it saves a user's registers into
 * this_cpu()->current->regs (struct thread begins with them), calls one of the
 * kernel_* functions below on the core's one stack with interrupts off, and when
 * that returns resumes this_cpu()->current (which may be another thread now):
 * with sysretq when its resume_full is 0, else with every register (iretq). Who sets a
 * rip that may be no user address sets resume_full too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot_info.h"

struct cpu;
struct thread;
struct phx_registers;

#define CPUS_MAX 64

/* --- what arch calls (kernel) ------------------------------------------- */

/* On the boot processor, with the final page tables, per-CPU data and serial up. */
_Noreturn void kernel_main(const struct boot_info *info);
/* On every other processor once arch_start_cpus() let it go. */
_Noreturn void kernel_cpu_main(void);
/* A system call of current: its registers are saved. True: current goes on at once, and
 * of its registers none was changed that a C function preserves. */
bool kernel_syscall(struct thread *current);
/* An exception in ring 3. True: the same, and resume_full is 0. */
bool kernel_fault(struct thread *current, unsigned vector, uint64_t error, uint64_t address);
/* Timer, in ring 3 (current saved) or in the window that arch_interrupt_window()
 * opens (current may be anything, nothing was saved). Never while locked. */
void kernel_timer(bool from_user);
/* An interrupt of a device came (ARCH_IRQS below); same circumstances. */
void kernel_irq(unsigned line, bool from_user);
/* Another core asked this one to look at its flags; same circumstances. */
void kernel_wakeup(bool from_user);
/* Another core wants this core's translations gone. Called from the interrupt
 * and, by the kernel itself, while it spins for its lock. */
void kernel_flush_requested(void);
/* An exception in ring 0, or a boot that cannot go on (registers NULL). */
_Noreturn void kernel_epitaph(const char *what, const struct phx_registers *registers,
                              uint64_t address);

/* --- this core ---------------------------------------------------------- */

static inline struct cpu *this_cpu(void);      /* arch_inline.h */
/* Let interrupts in for a moment, from kernel code that holds no lock. */
void arch_interrupt_window(void);
/* Sleep until an interrupt was handled; interrupts are off before and after. */
void arch_idle(void);
static inline void arch_pause(void);           /* spin-wait hint */
/* Never returns: leave the kernel for this_cpu()->current, on a fresh stack. Used
 * after boot; afterwards returning from kernel_* does the same. */
_Noreturn void arch_enter_user(void);

/* --- other cores -------------------------------------------------------- */

/* Start all cores the firmware lists, each ends in kernel_cpu_main(); returns how
 * many run, this one included. */
unsigned arch_start_cpus(void);
void arch_send_wakeup(unsigned cpu); /* kernel_wakeup() there, soon */
void arch_send_flush(unsigned cpu);  /* kernel_flush_requested() there, soon */

/* --- time --------------------------------------------------------------- */

static inline uint64_t arch_tsc(void);
/* ns = ns_base + ((tsc - tsc_base) * multiplier >> shift) */
struct arch_clock {
    uint64_t tsc_base, ns_base, multiplier, shift;
    uint64_t realtime_base; /* ns since 1970 at ns 0; 0: nobody has said (Clock.begin) */
};
extern struct arch_clock arch_clock;
/* One timer interrupt of this core, in that many ns, or in 2 s where that is less;
 * 0: none. */
void arch_timer_arm(uint64_t ns);

/* --- memory ------------------------------------------------------------- */

/* Every byte of usable physical memory, the kernel's own image excepted, can be
 * read and written at direct(pa); never executable. */
static inline void *direct(uint64_t pa);
static inline uint64_t direct_pa(const void *p);
static inline void page_zero(void *page);

typedef uint64_t pte_t;
/* A table of leaves has ARCH_LEAVES entries for 1 << ARCH_LEAVES_SHIFT bytes. What an entry says,
 * to a processor or a device, is in pte.h, which machines and unit tests share. */
/* The kernel's own root, whose user's half is empty. */
extern uint64_t arch_kernel_root;
/* A new root: the kernel's half filled in, the user's half empty. */
void arch_root_init(uint64_t root);
/* The entry of a user's page, or NULL where a table is missing or the page is large. */
pte_t *arch_pte(uint64_t root, uint64_t address);
/* The largest page is 1 << arch_page_shift_max bytes, the next ones 512 times smaller. */
extern unsigned arch_page_shift_max;
/* The entry for an address in the lowest table that there is: for 1 << *shift bytes, a large
 * page or nothing where that is more than a page. */
pte_t *arch_entry(uint64_t root, uint64_t address, unsigned *shift);
/* Instead of such an entry a table, a zeroed page, that shows the same. */
void arch_table_link(pte_t *entry, unsigned shift, uint64_t table);
/* Unlink one table page of the user's half, deepest first; 0 when there is none left.
 * The caller has cleared the leaves: what one still says is forgotten. */
uint64_t arch_table_take(uint64_t root);
/* Load a root on this core (flushes user translations). */
static inline void arch_root_load(uint64_t root);
static inline void arch_flush_page(uint64_t address);
static inline void arch_flush_all(void);

/* --- threads ------------------------------------------------------------ */

/* Extended (FPU, SSE, AVX) state: size of the save area, 64-byte aligned. */
extern unsigned arch_fpu_size;
void arch_fpu_init(void *area); /* as at the start of a program */
void arch_fpu_save(void *area);
void arch_fpu_load(const void *area);
/* First use of extended state traps (vector 7) while off. */
void arch_fpu_trap(bool on);
/* FS and GS base of ring 3, while in the kernel. */
static inline uint64_t arch_fs_base(void);
static inline uint64_t arch_gs_base(void);
static inline uint64_t arch_set_bases(uint64_t fs, uint64_t gs); /* the GS base that was */
/* rflags that ring 3 may have; the rest is cleared and IF and bit 1 are set. */
static inline uint64_t arch_user_flags(uint64_t rflags);

/* --- devices of programs ------------------------------------------------ */

enum arch_range { ARCH_PORTS, ARCH_PAGES, ARCH_LINES, ARCH_FUNCTIONS, ARCH_SLOTS };
/* Whether any of these is the kernel's own: a port, a line, a page that is memory or a
 * device that it uses. */
bool arch_is_kernels(enum arch_range kind, uint64_t first, uint64_t count);
static inline uint32_t arch_port_in(uint16_t port, unsigned width); /* 1, 2, 4 bytes */
static inline void arch_port_out(uint16_t port, unsigned width, uint32_t value);

/* Interrupt lines, all masked at first. */
#define ARCH_IRQS 24
#define ARCH_IRQ_DMA ARCH_IRQS /* no line: refused transfers are to be reported */
void arch_irq_set(unsigned line, bool open); /* to this core, or masked */
bool arch_irq_is_level(unsigned line);
void arch_irq_end(void); /* what kernel_irq() was called for is open or masked now */

/* The unit that translates what devices use as addresses. */
bool arch_dma_confines(void); /* whether there is one */
/* What a PCI function's transfers go through from now on, as domain 1 to 255: these
 * tables, or ARCH_DMA_BLOCKED or _EVERYTHING. Those that are refused are reported again. */
void arch_dma_set(uint16_t function, unsigned domain, uint64_t root);
/* No device uses what was in this domain's tables before; 0: none ever did. */
void arch_dma_flush(unsigned domain);
struct arch_dma_fault {
    uint64_t address;
    uint16_t function, reason;
};
/* The next refused transfer, after which its function's are not reported. */
bool arch_dma_fault(struct arch_dma_fault *out);

/* --- console, power, entropy -------------------------------------------- */

void arch_serial_write(const void *bytes, size_t length); /* waits for the line */
/* A byte; -1: none, or so few that an interrupt will come for them. */
int arch_serial_read(void);
/* Turn the machine off (the emulator's debug exit if the command line names one,
 * ACPI where it can, else the processor stops for good). */
_Noreturn void arch_shutdown(unsigned status);
_Noreturn void arch_reboot(void);
/* 64 bits with as much true randomness as the CPU has; with the kernel lock. */
uint64_t arch_random(void);

/* --- when the kernel itself is wrong ------------------------------------ */

/* Call `line` with a backtrace, addresses, a line each: from where these registers were
 * (kernel_epitaph's), NULL: from here. */
void arch_backtrace(const struct phx_registers *registers, void (*line)(const char *text));
/* Stop all other cores. */
void arch_stop_others(void);

#include ARCH_INLINE_HEADER /* "arch/x86_64/arch_inline.h" or the host's */

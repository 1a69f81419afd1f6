/* SPDX-License-Identifier: MIT */
/* What the tests of drivers share. */
#ifndef TESTS_DEVICES_H
#define TESTS_DEVICES_H

#include "proc/package.h"
#include "proc/proc.h"
#include "../harness/user_check.h"
#include "rt/rt.h"

#define MS UINT64_C(1000000)

/* A line of figures beside it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t now(void);
void sleep_ms(uint64_t ms);
uint64_t notification(void);
/* Wait for any bit; 0: none came in time. */
uint64_t wait_ms(uint64_t notification, uint64_t ms);
/* Taken now, 0: none. */
uint64_t poll(uint64_t notification);
/* A capability without some of its methods. */
uint64_t without(uint64_t cap, uint64_t methods);

/* Start this binary again as `role`. */
bool spawn(const char *role, const struct proc_grant *grants, size_t count, struct proc *proc);
/* Wait until it is dead: its status as wait(2) has it; ~0 if that takes too long. */
uint64_t wait_dead(struct proc *proc);
/* What our account has used of pages, holds and threads, or whether it is that again. */
struct balance {
    uint64_t used[3];
};
struct balance balance_now(void);
bool balance_returns(const struct balance *before);

/* --- ports (clocks.c) ------------------------------------------------------- */

uint64_t port_in(uint64_t ports, uint64_t port);
void port_out(uint64_t ports, uint64_t port, uint64_t value);
/* Have the timer interrupt so often, or never (0). */
void pit_start(uint64_t ports, uint64_t hz);

/* --- QEMU's edu device (edu.c; docs/specs/edu of QEMU) ----------------------- */

#define EDU_ID 0x00
#define EDU_LIVENESS 0x04
#define EDU_FACTORIAL 0x08
#define EDU_STATUS 0x20
#define EDU_STATUS_BUSY 0x01
#define EDU_STATUS_INTERRUPT 0x80
#define EDU_INTERRUPT_STATUS 0x24
#define EDU_INTERRUPT_RAISE 0x60
#define EDU_INTERRUPT_ACK 0x64
#define EDU_DMA_SOURCE 0x80
#define EDU_DMA_TARGET 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_COMMAND 0x98
#define EDU_DMA_RUN 1
#define EDU_DMA_TO_MEMORY 2
#define EDU_BUFFER 0x40000 /* its own memory, as DMA names it */

struct edu {
    volatile uint32_t *registers;
    void *config;
};
/* Map what the capabilities of these names have and set the device up; false: it is not
 * what is there. */
bool edu_open(struct edu *edu, const char *config, const char *registers);
void edu_close(struct edu *edu);
static inline uint32_t edu_read(const struct edu *edu, unsigned offset)
{
    return edu->registers[offset / 4];
}
static inline void edu_write(struct edu *edu, unsigned offset, uint32_t value)
{
    edu->registers[offset / 4] = value;
}
/* Begin a transfer of `count` bytes between its buffer and a device address, and wait
 * until it is over; the device takes 100 ms for one. */
void edu_begin(struct edu *edu, uint64_t address, uint64_t count, bool to_memory);
void edu_finish(struct edu *edu);
void edu_transfer(struct edu *edu, uint64_t address, uint64_t count, bool to_memory);

/* --- in the first process --------------------------------------------------- */

void test_clocks(void);
void test_edu(void);
void test_dma(void);
/* Pages taken away in the middle of so many transfers. */
void test_dma_rounds(unsigned rounds, uint64_t seed);
void test_no_unit(void); /* the machine cannot confine devices */
void test_deaths(void);

/* In the others: what main returns. */
int role_ports(void);
int role_driver(void);

#endif

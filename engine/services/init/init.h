/* SPDX-License-Identifier: MIT */
/* What the files of init share. */
#ifndef INIT_INIT_H
#define INIT_INIT_H

#include "check.h"
#include "proc/package.h"
#include "proc/proc.h"

extern struct package package;

/* A line to log and, where there is one, to the console's error stream. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The machine ends with this status; without Power, init does. */
_Noreturn void power_off(unsigned status);

/* date.c: the kernel knows what day it is. */
void tell_date(void);

/* services.c: start them all, and again those that ask for it. */
_Noreturn void run_services(void);

/* run.c: the one program; the machine ends with it. */
_Noreturn void run_program_only(void);

/* Hand the kernel what ends a process back; true: it is dead, *status as wait(2) has it. */
bool process_ended(uint64_t process, uint64_t *status, uint64_t *fault_address);

#define STATUS_PHOENIX 125
#define STATUS_CANNOT_RUN 126

#endif

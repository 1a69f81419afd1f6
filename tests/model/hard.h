/* SPDX-License-Identifier: MIT */
/* The parts of the program that asks for everything which takes long. */
#ifndef TESTS_MODEL_HARD_H
#define TESTS_MODEL_HARD_H

#include "user.h"

#define MANY 1000     /* threads that wait, mappings of one frame */
#define ROWS 100000

/* A part of its own: what the lock is held for from here on counts for it. */
void phase(const char *name);

void hard_rows(void);
void hard_memory(void);
void hard_accounts(void);
void hard_ends(void);
int role_ends(const char *role);
void hard_waits(void);
void hard_rings(void);
void hard_bytes(void);

/* In other processes. */
int role_rows(void);
int role_crowd(void);
int role_mapper(void);
int role_replies(void);

uint64_t new_notification(void);
uint64_t new_endpoint(void);
/* A client of it: method 0 of interface 100; uses 0. */
uint64_t client_of(uint64_t endpoint, uint64_t badge);
uint64_t derive(uint64_t from);

#endif

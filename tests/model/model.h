/* SPDX-License-Identifier: MIT */
/*
 * What capabilities are, said as simply as can be: a set of rows, a tree that is written down,
 * and for "everything below" a walk through all rows. No generations, no caches, nothing that
 * is quick. The kernel must agree with it after every step.
 */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_ROWS 20000
#define NOBODY (-1)

/* Uses that may still be made; shared by rows that share them. */
struct model_uses {
    uint64_t left, spent, lost, minted;
    int parent;       /* of which these were split off, or NOBODY */
    unsigned holders; /* rows in tables */
    bool guessed;     /* rows of it went in an order that is not told: then its sum alone counts */
};

struct model_row {
    int process;       /* whose table; NOBODY: it is in none any more, and only a place in the tree */
    uint64_t id;       /* there */
    const void *object;
    uint64_t methods, badge;
    unsigned interface;
    int parent;        /* the row that it was derived from, or NOBODY */
    unsigned depth;
    int uses;          /* NOBODY: as many as it likes */
    bool dead;         /* something above it was revoked since */
};

extern struct model_row model_rows[MODEL_ROWS];
extern struct model_uses model_uses[MODEL_ROWS];
extern int model_count, model_uses_count;

void model_begin(void);
/* A new row; `like` says everything but where it is and what is above it. */
int model_add(const struct model_row *like, int process, uint64_t id, int parent);
int model_derive(int from, int process, uint64_t id, uint64_t methods, uint64_t n);
int model_twin(int of, uint64_t id);
void model_leave(int row); /* its table: released, swept or dead with its process */
void model_revoke(int row);
int model_find(int process, uint64_t id); /* NOBODY: there is none */
bool model_is_below(int row, int above);
int model_family(int uses); /* where it was split off first of all */

#endif

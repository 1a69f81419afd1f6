/* SPDX-License-Identifier: MIT */
/*
 * Why a machine ended that did not say so itself.
 *
 * What its user can mend is told in one line with what to do; QEMU's own words and
 * what the machine printed are shown only where there is nothing better.
 */
#ifndef PHOENIX_DEATH_H
#define PHOENIX_DEATH_H

#include "machine.h"

struct death {
    const struct machine_process *machine;
    bool was_ready;
    int wait_status;   /* as waitpid() has it, of one that ended */
    const char *noise; /* what it printed before it could speak in frames */
    size_t noise_length;
    const char *words; /* what QEMU said, with an end mark */
};

void death_explain(const struct death *death);

/* It runs, but was not ready in time. */
void death_explain_silence(const struct death *death, unsigned seconds);

#endif

/* SPDX-License-Identifier: MIT */
/* Whether the processor runs the machine itself. */
#ifndef PHOENIX_KVM_H
#define PHOENIX_KVM_H

#include "options.h"

/* Fails (125) where KVM was asked for and cannot be had. */
bool kvm_wanted(enum accel accel);

#endif

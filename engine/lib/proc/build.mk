# SPDX-License-Identifier: MIT
# Building processes: linked by init and the launcher.

PROC_OBJECTS := $(B)/engine/lib/proc/proc.o $(B)/engine/lib/proc/package.o $(B)/engine/lib/proc/proc_image.o \
    $(B)/engine/lib/proc/proc_start.o $(B)/engine/lib/proc/slot.o

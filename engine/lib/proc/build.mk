# SPDX-License-Identifier: MIT
# Building processes: linked by init and the launcher.

PROC_OBJECTS := $(B)/engine/lib/proc/proc.o $(B)/engine/lib/proc/package.o $(B)/engine/lib/proc/proc_image.o \
    $(B)/engine/lib/proc/proc_start.o $(B)/engine/lib/proc/slot.o

$(B)/host/engine/lib/proc/proc_start_test: $(B)/host/engine/lib/proc/proc_start_test.o \
    $(B)/host/engine/lib/proc/proc_start.o $(B)/host/engine/lib/capnp/build.o \
    $(B)/host/engine/lib/capnp/read.o
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/lib/proc/proc_start_test

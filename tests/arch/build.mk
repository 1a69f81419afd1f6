# SPDX-License-Identifier: MIT
#
# Tests of the hardware layer: its pure parts here, the rest on machines.

PROBE_OBJECTS := $(B)/tests/arch/boot_probe.o $(B)/tests/arch/probe_user.o \
    $(KERNEL_ARCH_OBJECTS) $(B)/engine/core/text.o

$(B)/tests/arch/%.o: tests/arch/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_KERNEL))
$(B)/tests/arch/%.o: tests/arch/%.S
	$(call COMPILE,$(CC),$(CFLAGS_KERNEL))
$(B)/tests/boot_probe.elf: $(PROBE_OBJECTS) $(KERNEL_LINK_NEEDS)
	$(call KERNEL_LINK,$(filter %.o,$^))

# The script boots it.
tests/arch/boot_test.sh: $(B)/tests/boot_probe.elf
TEST_BOOT += tests/arch/boot_test.sh

# --- on the host ----------------------------------------------------------------

ARCH_HOST_FLAGS := -Iengine/kernel -I. \
    -DARCH_INLINE_HEADER='"tests/arch/host/arch_inline.h"'
ARCH_TESTS := $(patsubst %.c,$(B)/host/%,$(wildcard $(ARCH_DIR)/*_test.c))
# What unit tests of the kernel link for a machine.
ARCH_HOST_OBJECTS := $(B)/host/tests/arch/host/arch.o \
    $(B)/host/$(ARCH_DIR)/page_table.o

$(B)/host/engine/kernel/%.o $(B)/host/tests/arch/%.o: CFLAGS_HOST += $(ARCH_HOST_FLAGS)
# Here the C library has these functions; ours are tested under other names.
$(B)/host/$(ARCH_DIR)/bytes.o: CFLAGS_HOST += $(foreach f,memcpy memmove memset memcmp strlen, \
    -D$(f)=core_$(f))
$(B)/host/$(ARCH_DIR)/bytes_test: $(B)/host/$(ARCH_DIR)/bytes.o
$(B)/host/$(ARCH_DIR)/regions_test: $(B)/host/$(ARCH_DIR)/regions.o
$(ARCH_TESTS): %: %.o $(B)/host/tests/harness/main.o $(ARCH_HOST_OBJECTS)
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(ARCH_TESTS)

# SPDX-License-Identifier: MIT
#
# The kernel: its own files, core, and arch.

KERNEL_SOURCES := $(sort $(filter-out %_test.c,$(wildcard engine/kernel/*.c engine/core/*.c)))
KERNEL_OBJECTS := $(KERNEL_SOURCES:%.c=$(B)/%.o)

$(B)/phoenix.elf: $(KERNEL_OBJECTS) $(KERNEL_ARCH_OBJECTS) $(KERNEL_LINK_NEEDS)
	$(call KERNEL_LINK,$(KERNEL_OBJECTS) $(KERNEL_ARCH_OBJECTS))

ALL += $(B)/phoenix.elf
# What this file promises needs no frame either.
$(B)/engine/kernel/fast.o: CFLAGS_KERNEL += -fomit-frame-pointer

# What it may use of its one stack (clang inlines otherwise, and so has other callers).
$(B)/phoenix.stack: $(B)/phoenix.elf scripts/stack.js $(ARCH_DIR)/stack.calls
	@$(if $(V),,echo '  stack $<')
	$(Q)objdump -d --no-show-raw-insn $< > $@.code && objdump -s $< > $@.data
	$(Q)node scripts/stack.js $(ARCH_DIR)/stack.calls $@.code $@.data > $@

ifeq ($(findstring clang,$(CC)),)
ALL += $(B)/phoenix.stack
endif

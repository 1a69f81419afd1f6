# SPDX-License-Identifier: MIT
#
# The part of the kernel that touches hardware, and how a kernel is linked.
#
# A kernel is KERNEL_ARCH_OBJECTS, text.o of core, and objects that define
# the kernel_* functions of arch.h. $(call KERNEL_LINK,objects) in the recipe of
# $(B)/name.elf links it.
# KERNEL_LINK_WITH,linker,objects does it with another linker command than KERNEL_LD.

ARCH_DIR := engine/kernel/arch/x86_64
ARCH_B := $(B)/$(ARCH_DIR)
ARCH_SOURCES := $(filter-out %_test.c %/early.c,$(sort $(wildcard $(ARCH_DIR)/*.[cS])))
KERNEL_ARCH_OBJECTS := $(patsubst %,$(B)/%.o,$(basename $(ARCH_SOURCES)))
KERNEL_LINK_NEEDS := $(ARCH_DIR)/kernel.ld

# --- the 32-bit part: its own program, embedded as bytes --------------------

CFLAGS_EARLY := -m32 -march=i686 -std=gnu11 -Os -ffreestanding -fno-pic -fno-pie \
    -mgeneral-regs-only -fno-stack-protector -fno-asynchronous-unwind-tables $(REPRODUCIBLE) \
    $(WARN) -Iengine/include -Iengine/core -Iengine/kernel

$(ARCH_B)/early.o: $(ARCH_DIR)/early.c
	$(call COMPILE,$(CC),$(CFLAGS_EARLY))
$(ARCH_B)/early.bin: $(ARCH_B)/early.o $(ARCH_DIR)/early.ld
	@$(if $(V),,echo '  link $@')
	$(Q)$(LD) -m elf_i386 -T $(ARCH_DIR)/early.ld --oformat binary $< -o $@
$(ARCH_B)/start.o: $(ARCH_B)/early.bin
$(ARCH_B)/start.o: CFLAGS_KERNEL += -DEARLY_IMAGE='"$(ARCH_B)/early.bin"'

# --- linking ------------------------------------------------------------------

KERNEL_LD := $(LD) -nostdlib -static --gc-sections -z max-page-size=4096 -z noexecstack \
    --build-id=none -T $(ARCH_DIR)/kernel.ld

KERNEL_LINK = $(call KERNEL_LINK_WITH,$(KERNEL_LD),$(1))
define KERNEL_LINK_WITH
@$(if $(V),,echo '  link $@';) mkdir -p $(@D)
$(Q)$(1) $(2) -o $@
endef

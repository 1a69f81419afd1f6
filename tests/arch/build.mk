# SPDX-License-Identifier: MIT
#
# Tests of the hardware layer: its pure parts here, the rest on machines.

PROBE_OBJECTS := $(B)/tests/arch/boot_probe.o $(B)/tests/arch/probe_user.o \
    $(KERNEL_ARCH_OBJECTS) $(B)/engine/core/fmt.o $(B)/engine/core/bytes.o

$(B)/tests/arch/%.o: tests/arch/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_KERNEL))
$(B)/tests/arch/%.o: tests/arch/%.S
	$(call COMPILE,$(CC),$(CFLAGS_KERNEL))
$(B)/tests/boot_probe.elf: $(PROBE_OBJECTS) $(KERNEL_LINK_NEEDS)
	$(call KERNEL_LINK,$(filter %.o,$^))

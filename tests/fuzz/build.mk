# SPDX-License-Identifier: MIT
#
# Kernels with something built in that looks: $(B)/asan/phoenix.elf has the address
# sanitizer and stops at undefined behaviour. clang makes them, whatever compiles the rest.
# Their objects are in $(B)/fuzz/KIND/, which $(call FUZZ_OBJECTS,KIND) lists; what is
# assembly is taken as it is.

FUZZ_SOURCES := $(filter %.c,$(KERNEL_SOURCES) $(ARCH_SOURCES)) engine/lib/capnp/build.c
FUZZ_OBJECTS = $(FUZZ_SOURCES:%.c=$(B)/fuzz/$(1)/%.o) \
    $(patsubst %.S,$(B)/%.o,$(filter %.S,$(ARCH_SOURCES)))
FUZZ_FLAGS = $(CFLAGS_KERNEL) -Iengine/lib

# Where the compilers' tables are kept and can be found.
$(B)/fuzz/kernel.ld: $(ARCH_DIR)/kernel.ld tests/fuzz/sections.sed
	@mkdir -p $(@D)
	$(Q)sed -f tests/fuzz/sections.sed $< > $@
FUZZ_LD := $(subst -T $(ARCH_DIR)/kernel.ld,-T $(B)/fuzz/kernel.ld,$(KERNEL_LD))
FUZZ_LINK_NEEDS := $(B)/fuzz/kernel.ld $(KERNEL_LINK_NEEDS)

# --- sanitizers -----------------------------------------------------------------------

ASAN := $(B)/fuzz/asan
ASAN_FLAGS := -fsanitize=kernel-address -mllvm -asan-instrumentation-with-call-threshold=0 \
    -mllvm -asan-mapping-offset=0xdffffc0000000000
UBSAN_FLAGS := -fsanitize=undefined -fsanitize-trap=undefined
ASAN_STACK := 1
ASAN_WRAP := $(addprefix --wrap=,boot_main memory_init frames_init objects_init buddy_free \
    object_new object_free account_free memcpy memmove memset memcmp kernel_epitaph)
# What the callbacks are made of is not looked at. memory.c runs for a moment where there
# is no shadow, and keeps nothing on the stack.
ASAN_PLAIN := $(ASAN)/engine/core/bytes.o $(ASAN)/tests/fuzz/shadow.o

$(ASAN)/%.o: %.c | $(GENERATED)
	$(call COMPILE,clang,$(FUZZ_FLAGS) $(ASAN_FLAGS) -mllvm -asan-stack=$(ASAN_STACK) $(UBSAN_FLAGS))
$(ASAN_PLAIN): $(ASAN)/%.o: %.c | $(GENERATED)
	$(call COMPILE,clang,$(FUZZ_FLAGS))
$(ASAN)/$(ARCH_DIR)/memory.o: ASAN_STACK := 0

ASAN_OBJECTS := $(call FUZZ_OBJECTS,asan) $(ASAN)/tests/fuzz/shadow.o

$(B)/asan/phoenix.elf: $(ASAN_OBJECTS) $(FUZZ_LINK_NEEDS)
	$(call KERNEL_LINK_WITH,$(FUZZ_LD) $(ASAN_WRAP),$(filter %.o,$^))
$(ASAN)/planted.elf: $(ASAN_OBJECTS) $(ASAN)/tests/fuzz/plant.o $(FUZZ_LINK_NEEDS)
	$(call KERNEL_LINK_WITH,$(FUZZ_LD) $(ASAN_WRAP) --wrap=init_start,$(filter %.o,$^))

# All else that the tests of machines take from a build folder is the same: with
# B=$(B)/asan they boot this kernel.
ASAN_SAME := boot tools tests native.manifest system.manifest restart.manifest
$(B)/asan/.same: tests/fuzz/build.mk
	@mkdir -p $(@D)
	$(Q)for part in $(ASAN_SAME); do ln -sfn ../$$part $(@D)/$$part; done; touch $@

tests/fuzz/sanitize_test.sh: $(B)/asan/phoenix.elf $(B)/asan/.same $(ASAN)/planted.elf \
    $(filter %.manifest,$(ASAN_SAME:%=$(B)/%)) $(BOOT_TESTS) $(LINUX_TEST_PROGRAMS) \
    | tests/linux/programs_test.sh ;
TEST_BOOT += tests/fuzz/sanitize_test.sh

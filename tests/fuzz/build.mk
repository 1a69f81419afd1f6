# SPDX-License-Identifier: MIT
#
# Kernels with something built in that looks: $(B)/asan/phoenix.elf has the address
# sanitizer and stops at undefined behaviour, $(B)/cov/phoenix.elf knows where it has been;
# and programs that do anything. clang makes the kernels, whatever compiles the rest. Their
# objects are in $(B)/fuzz/KIND/, which $(call FUZZ_OBJECTS,KIND) lists; what is
# assembly is taken as it is.

FUZZ_SOURCES := $(filter %.c,$(KERNEL_SOURCES) $(ARCH_SOURCES))
FUZZ_OBJECTS = $(FUZZ_SOURCES:%.c=$(B)/fuzz/$(1)/%.o) \
    $(patsubst %.S,$(B)/%.o,$(filter %.S,$(ARCH_SOURCES)))
FUZZ_FLAGS = $(CFLAGS_KERNEL) -I.

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
    object_new object_free account_free_next memcpy memmove memset memcmp kernel_epitaph)
# What the callbacks are made of is not looked at. memory.c runs for a moment where there
# is no shadow, and keeps nothing on the stack.
ASAN_PLAIN := $(ASAN)/$(ARCH_DIR)/bytes.o $(ASAN)/tests/fuzz/shadow.o

$(ASAN)/%.o: %.c | $(GENERATED)
	$(call COMPILE,clang,$(FUZZ_FLAGS) $(ASAN_FLAGS) -mllvm -asan-stack=$(ASAN_STACK) $(UBSAN_FLAGS))
$(ASAN_PLAIN): $(ASAN)/%.o: %.c | $(GENERATED)
	$(call COMPILE,clang,$(FUZZ_FLAGS))
$(ASAN)/$(ARCH_DIR)/memory.o: ASAN_STACK := 0

PLANT_WRAP := --wrap=init_start --wrap=watch_set
ASAN_OBJECTS := $(call FUZZ_OBJECTS,asan) $(ASAN)/tests/fuzz/shadow.o

$(B)/asan/phoenix.elf: $(ASAN_OBJECTS) $(FUZZ_LINK_NEEDS)
	$(call KERNEL_LINK_WITH,$(FUZZ_LD) $(ASAN_WRAP),$(filter %.o,$^))
$(ASAN)/planted.elf: $(ASAN_OBJECTS) $(ASAN)/tests/fuzz/plant.o $(FUZZ_LINK_NEEDS)
	$(call KERNEL_LINK_WITH,$(FUZZ_LD) $(ASAN_WRAP) $(PLANT_WRAP),$(filter %.o,$^))

# All else that the tests of machines take from a build folder is the same: with
# B=$(B)/asan they boot this kernel.
FUZZ_SAME := boot plain tools tests native.manifest system.manifest restart.manifest \
    hostile.manifest
$(B)/asan/.same $(B)/cov/.same: tests/fuzz/build.mk
	@mkdir -p $(@D)
	$(Q)for part in $(FUZZ_SAME); do ln -sfn ../$$part $(@D)/$$part; done; touch $@

tests/fuzz/sanitize_test.sh: $(ASAN)/planted.elf $(ASAN)/fuzz.elf $(B)/boot/fuzz.elf $(MKMANIFEST) ;
tests/fuzz/sanitized_test.sh: $(B)/asan/phoenix.elf $(B)/asan/.same \
    $(filter-out %/hostile.manifest,$(filter %.manifest,$(FUZZ_SAME:%=$(B)/%))) $(BOOT_TESTS) \
    $(LINUX_TEST_PROGRAMS) | tests/linux/programs_test.sh ;
tests/fuzz/sanitized_soak.sh: $(B)/asan/phoenix.elf $(B)/asan/.same \
    | tests/hostile/hostile_test.sh ;
TEST_BOOT += tests/fuzz/sanitize_test.sh tests/fuzz/sanitized_test.sh

# --- coverage --------------------------------------------------------------------------

COV := $(B)/fuzz/cov
# Edges of the source, not of the copies of it that inlining, unrolling and rotating make.
COV_FLAGS := -fsanitize-coverage=edge,inline-bool-flag,pc-table -O1 -fno-inline -fno-unroll-loops \
    -mllvm -rotation-max-header-size=0
COV_WRAP := $(addprefix --wrap=,arch_shutdown arch_reboot)
COUNT_WRAP := $(addprefix --wrap=,arch_idle op_clock_realtime kernel_timer)
COV_OWN := $(addprefix $(COV)/tests/fuzz/,coverage.o count.o line.o)
COV_PLAIN := $(COV_OWN)

$(COV)/%.o: %.c | $(GENERATED)
	$(call COMPILE,clang,$(FUZZ_FLAGS) $(COV_FLAGS))
$(COV_PLAIN): $(COV)/%.o: %.c | $(GENERATED)
	$(call COMPILE,clang,$(FUZZ_FLAGS))

COV_OBJECTS := $(call FUZZ_OBJECTS,cov) $(COV_OWN)

$(B)/cov/phoenix.elf: $(COV_OBJECTS) $(FUZZ_LINK_NEEDS)
	$(call KERNEL_LINK_WITH,$(FUZZ_LD) $(COV_WRAP) $(COUNT_WRAP),$(filter %.o,$^))

# --- random programs -------------------------------------------------------------------

FUZZ_PROGRAM := boss worker operate extremes words children child_asm
FUZZ_PROGRAM_OBJECTS := $(FUZZ_PROGRAM:%=$(B)/tests/fuzz/program/%.o)

$(eval $(call NATIVE,fuzz,$(FUZZ_PROGRAM_OBJECTS) $(PROC_OBJECTS)))

$(B)/fuzz/grammar.inc.c: schema/kernel.capnp tests/fuzz/grammar.js
	@mkdir -p $(@D)
	$(Q)node tests/fuzz/grammar.js $< > $@
$(B)/tests/fuzz/program/%.o: tests/fuzz/program/%.c | $(GENERATED) $(B)/fuzz/grammar.inc.c
	$(call COMPILE,$(CC),$(CFLAGS_USER) -I$(B)/fuzz)
$(B)/tests/fuzz/program/%_asm.o: tests/fuzz/program/%.S | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))

tests/fuzz/coverage_test.sh: $(B)/cov/phoenix.elf $(B)/cov/.same $(B)/boot/fuzz.elf $(MKMANIFEST) \
    $(B)/boot/init.elf $(B)/boot/caps.elf | tests/boot/modules_test.sh ;
TEST_BOOT += tests/fuzz/coverage_test.sh

# The same programs on a kernel that looks, and on one where there is something to see.
FUZZ_ASAN_PLAIN := $(addprefix $(ASAN)/tests/fuzz/,count.o line.o)
$(FUZZ_ASAN_PLAIN): $(ASAN)/%.o: %.c | $(GENERATED)
	$(call COMPILE,clang,$(FUZZ_FLAGS))

$(ASAN)/fuzz.elf: $(ASAN_OBJECTS) $(FUZZ_ASAN_PLAIN) $(FUZZ_LINK_NEEDS)
	$(call KERNEL_LINK_WITH,$(FUZZ_LD) $(ASAN_WRAP) $(COUNT_WRAP),$(filter %.o,$^))
$(ASAN)/fuzz-planted.elf: $(ASAN_OBJECTS) $(FUZZ_ASAN_PLAIN) $(ASAN)/tests/fuzz/plant.o \
    $(FUZZ_LINK_NEEDS)
	$(call KERNEL_LINK_WITH,$(FUZZ_LD) $(ASAN_WRAP) $(COUNT_WRAP) $(PLANT_WRAP),$(filter %.o,$^))

tests/fuzz/minimize_test.sh: $(ASAN)/fuzz-planted.elf $(B)/boot/fuzz.elf $(MKMANIFEST) ;
tests/fuzz/soak_test.sh: $(ASAN)/fuzz.elf $(B)/boot/fuzz.elf $(MKMANIFEST) ;
TEST_BOOT += tests/fuzz/minimize_test.sh
TEST_SOAK += tests/fuzz/soak_test.sh tests/fuzz/sanitized_soak.sh

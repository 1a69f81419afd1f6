# SPDX-License-Identifier: MIT
# Hostile ELF files: the reader and the loader under libFuzzer.

ELF_FLAGS := -Iengine/libos/linux -Itests/elf

# libFuzzer is clang's, whatever compiles the rest; gcc counts the lines.
ELF_FUZZ_core := engine/core/elf_fuzz_test.c engine/core/elf.c
ELF_FUZZ_load := tests/elf/load_fuzz.c engine/libos/linux/load.c engine/libos/linux/stack.c \
    engine/core/elf.c
ELF_FUZZ_HEADERS := $(wildcard engine/core/*.h engine/libos/linux/*.h tests/elf/*.h)

define ELF_FUZZER
$(B)/fuzz/tests/elf/$(1): $(ELF_FUZZ_$(1)) tests/elf/mutator.c tests/elf/mutate.c \
    $(ELF_FUZZ_HEADERS) | $(GENERATED)
	@$$(if $$(V),,echo '  fuzzer $$@';) mkdir -p $$(@D)
	$$(Q)clang $$(CFLAGS_HOST) $(ELF_FLAGS) -fsanitize=fuzzer $$(SAN) $$(filter %.c,$$^) -o $$@
$(B)/elf-coverage/$(1)/%.o: %.c | $(GENERATED)
	$$(call COMPILE,gcc,$$(CFLAGS_HOST) $(ELF_FLAGS) -O0 --coverage)
$(B)/elf-coverage/$(1)/replay: $(patsubst %.c,$(B)/elf-coverage/$(1)/%.o,$(ELF_FUZZ_$(1)) \
    tests/elf/replay.c)
	@$$(if $$(V),,echo '  link $$@';) mkdir -p $$(@D)
	$$(Q)gcc --coverage $$(filter %.o,$$^) -o $$@
ELF_FUZZ_PROGRAMS += $(B)/fuzz/tests/elf/$(1) $(B)/elf-coverage/$(1)/replay
endef
$(foreach f,core load,$(eval $(call ELF_FUZZER,$(f))))

tests/elf/fuzz_test.sh tests/elf/fuzz_soak.sh: | $(ELF_FUZZ_PROGRAMS)

TEST_HOST += tests/elf/fuzz_test.sh
TEST_SOAK += tests/elf/fuzz_soak.sh

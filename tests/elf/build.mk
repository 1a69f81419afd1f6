# SPDX-License-Identifier: MIT
# Hostile ELF files: the reader and the loader under libFuzzer.

ELF_FLAGS := -Iengine/libos/linux -Itests/elf

# libFuzzer is clang's, whatever compiles the rest; gcc counts the lines.
ELF_FUZZ_reader := engine/lib/elf/elf_fuzz_test.c engine/lib/elf/elf.c
ELF_FUZZ_load := tests/elf/load_fuzz.c engine/libos/linux/load.c engine/libos/linux/stack.c \
    engine/lib/elf/elf.c
ELF_FUZZ_HEADERS := $(wildcard engine/core/*.h engine/lib/elf/*.h engine/libos/linux/*.h tests/elf/*.h)

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
$(foreach f,reader load,$(eval $(call ELF_FUZZER,$(f))))

tests/elf/fuzz_test.sh tests/elf/fuzz_soak.sh: | $(ELF_FUZZ_PROGRAMS)

TEST_HOST += tests/elf/fuzz_test.sh
TEST_SOAK += tests/elf/fuzz_soak.sh

# --- damaged programs in a machine ------------------------------------------------

$(eval $(call NATIVE,mutants,$(B)/tests/elf/mutants.o $(B)/tests/elf/mutate.o $(PROC_OBJECTS)))

$(B)/tests/elf/%.o: tests/elf/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
ELF_VICTIM_FLAGS := -O1 -s -Wall -Wextra -fno-stack-protector
$(B)/boot/victim.elf: tests/elf/victim.c
	@mkdir -p $(@D)
	$(Q)musl-gcc -static $(ELF_VICTIM_FLAGS) $< -o $@
$(B)/boot/victim-pie.elf: tests/elf/victim_pie.c
	@mkdir -p $(@D)
	$(Q)gcc -static-pie -nostdlib $(ELF_VICTIM_FLAGS) $< -o $@
$(B)/elf-glibc/victim.elf: tests/elf/victim.c
	@mkdir -p $(@D)
	$(Q)gcc -static $(ELF_VICTIM_FLAGS) $< -o $@
$(B)/elf-glibc/victim-pie.elf: tests/elf/victim.c
	@mkdir -p $(@D)
	$(Q)gcc -static-pie $(ELF_VICTIM_FLAGS) $< -o $@
ELF_MUTANTS_BOOT := $(addprefix $(B)/boot/,init.elf console.elf ramfs.elf launcher.elf libos.elf mutants.elf \
    victim.elf victim-pie.elf)
$(B)/elf-mutants.json: tests/elf/mutants.cue manifests/schema.cue tools/mkmanifest/cue.js
	@$(if $(V),,echo '  cue $<';) mkdir -p $(@D)
	$(Q)node tools/mkmanifest/cue.js $< > $@

# The launcher's own objects, but for what ends its process.
ELF_DECIDE_OBJECTS := $(filter-out %/main.o %/say.o,$(PHOENIX_OBJECTS)) $(PACK_OBJECTS) \
    $(addprefix $(B)/plain/,engine/libos/linux/load.o tests/elf/mutate.o)
$(B)/plain/engine/libos/linux/load.o $(B)/plain/tests/elf/decide.o: CFLAGS_HOST += $(ELF_FLAGS)
$(B)/tests/elf/decide: $(B)/plain/tests/elf/decide.o $(ELF_DECIDE_OBJECTS)
	$(call LINK_HOST,-lm)

tests/elf/mutants_test.sh tests/elf/mutants_soak.sh: | $(B)/elf-mutants.json $(ELF_MUTANTS_BOOT) \
    $(B)/tests/elf/decide $(B)/phoenix.elf $(MKMANIFEST) $(PHOENIX)

tests/elf/mutants_soak.sh: | $(B)/elf-glibc/victim.elf $(B)/elf-glibc/victim-pie.elf

TEST_BOOT += tests/elf/mutants_test.sh
TEST_SOAK += tests/elf/mutants_soak.sh

# SPDX-License-Identifier: MIT
#
# Rings between threads: the whole generic kernel under ThreadSanitizer, the same with
# one memory order taken away at a time, and ring.c under Relacy.

# --- ThreadSanitizer ------------------------------------------------------------

# It does not know of fences; what they are for is Relacy's to see.
TSAN := -fsanitize=thread -Wno-tsan
TSAN_FLAGS = $(CFLAGS_HOST) $(ARCH_HOST_FLAGS) $(TSAN)
RING_SOURCES := $(filter-out engine/kernel/ring.c,$(KERNEL_HOST_SOURCES)) \
    $(CORE_SOURCES) $(ARCH_DIR)/page_table.c \
    $(addprefix tests/,arch/host/arch.c kernel/world.c kernel/look.c harness/main.c)
RING_REST := $(RING_SOURCES:%.c=$(B)/tsan/%.o)
RING_THREADS := $(B)/tests/ring/threads_test

$(B)/tsan/engine/kernel/log.o: CFLAGS_HOST += -fno-builtin-log
$(B)/tsan/%.o: %.c | $(GENERATED)
	$(call COMPILE,$(HOSTCC),$(TSAN_FLAGS))
$(RING_THREADS): $(RING_REST) $(addprefix $(B)/tsan/,engine/kernel/ring.o tests/ring/threads_test.o)
	$(call LINK_HOST,$(TSAN) -pthread)

# Without the kernel's order of one word, or without the program's.
RING_WORDS := submit_head submit_tail complete_head complete_tail
RING_WEAK := $(foreach side,kernel program,$(RING_WORDS:%=$(B)/tests/ring/weak/$(side)-%))

$(B)/tsan/weak/kernel-%.c: engine/kernel/ring.c tests/ring/weaken.sh
	@mkdir -p $(@D)
	$(Q)tests/ring/weaken.sh $< $* > $@
$(B)/tsan/weak/kernel-%.o: $(B)/tsan/weak/kernel-%.c | $(GENERATED)
	$(call COMPILE,$(HOSTCC),$(TSAN_FLAGS))
$(B)/tests/ring/weak/kernel-%: $(RING_REST) $(B)/tsan/tests/ring/threads_test.o \
    $(B)/tsan/weak/kernel-%.o
	$(call LINK_HOST,$(TSAN) -pthread)

$(B)/tsan/weak/program-%/rt/ring.h: engine/lib/rt/ring.h tests/ring/weaken.sh
	@mkdir -p $(@D)
	$(Q)tests/ring/weaken.sh $< $* > $@
$(B)/tsan/weak/program-%.o: tests/ring/threads_test.c $(B)/tsan/weak/program-%/rt/ring.h \
    | $(GENERATED)
	$(call COMPILE,$(HOSTCC),-I$(B)/tsan/weak/program-$* $(TSAN_FLAGS))
$(B)/tests/ring/weak/program-%: $(RING_REST) $(B)/tsan/engine/kernel/ring.o \
    $(B)/tsan/weak/program-%.o
	$(call LINK_HOST,$(TSAN) -pthread)
.PRECIOUS: $(addprefix $(B)/tsan/weak/,kernel-%.c kernel-%.o program-%.o program-%/rt/ring.h)

tests/ring/threads_test.sh: $(RING_THREADS) $(RING_WEAK)
TEST_HOST += tests/ring/threads_test.sh

# --- Relacy -----------------------------------------------------------------------

# C as C++: what only C allows is allowed; what the kernel around ring.c would be
# called for is not linked, as nothing here gets there.
RELACY_FLAGS := -std=gnu++17 -O2 -fpermissive -w -ffunction-sections -fdata-sections \
    $(REPRODUCIBLE) -Itests/ring -Iengine/lib $(INCLUDES) $(ARCH_HOST_FLAGS)
RELACY_TEST := $(B)/tests/ring/relacy_test

$(RELACY_TEST): tests/ring/relacy_test.cc tests/ring/relacy.h engine/kernel/ring.c \
    engine/lib/rt/ring.h | $(GENERATED)
	@$(if $(V),,echo '  relacy $@';) mkdir -p $(@D)
	$(Q)g++ $(RELACY_FLAGS) -I$(GEN) -MMD -MP -MF $@.d $< -Wl,--gc-sections -o $@

TEST_SLOW += $(RELACY_TEST)

# --- order and cancelling -------------------------------------------------------------

RING_CASES_TEST := $(B)/host/tests/ring/cases_test
$(B)/host/tests/ring/%.o: CFLAGS_HOST += $(ARCH_HOST_FLAGS)
$(RING_CASES_TEST): %: %.o $(KERNEL_HOST_OBJECTS) $(TEST_HARNESS) $(CORE_HOST)
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(RING_CASES_TEST)

# --- overwritten rings ------------------------------------------------------------------

$(eval $(call NATIVE,corrupt,$(B)/tests/ring/corrupt.o $(B)/tests/model/user.o \
    $(B)/tests/model/crew_asm.o $(PROC_OBJECTS)))

$(B)/tests/ring/corrupt.o: tests/ring/corrupt.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
$(B)/corrupt.json $(B)/corrupt-soak.json: $(B)/%.json: tests/ring/%.cue manifests/schema.cue \
    tools/mkmanifest/cue.js
	@$(if $(V),,echo '  cue $<';) mkdir -p $(@D)
	$(Q)node tools/mkmanifest/cue.js $< > $@
$(B)/corrupt.manifest $(B)/corrupt-soak.manifest: $(B)/boot/corrupt.elf

tests/ring/corrupt_test.sh: $(B)/corrupt.manifest $(B)/phoenix.elf ;
tests/ring/corrupt_soak.sh: $(B)/corrupt-soak.manifest $(B)/phoenix.elf ;
TEST_BOOT += tests/ring/corrupt_test.sh
TEST_SOAK += tests/ring/corrupt_soak.sh

# SPDX-License-Identifier: MIT
# The whole kernel against a naive model, its races and the time it keeps its lock.

HARD_PARTS := hard hard_rows hard_memory hard_accounts hard_ends hard_waits hard_rings hard_bytes

$(eval $(call NATIVE,hard,$(HARD_PARTS:%=$(B)/tests/model/%.o) $(B)/tests/model/user.o \
    $(B)/tests/model/crew_asm.o $(PROC_OBJECTS)))

$(B)/tests/model/%_asm.o: tests/model/%.S | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
$(B)/tests/model/%.o: tests/model/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
$(B)/%.json: tests/model/%.cue manifests/schema.cue tools/mkmanifest/cue.js
	@$(if $(V),,echo '  cue $<';) mkdir -p $(@D)
	$(Q)node tools/mkmanifest/cue.js $< > $@
$(B)/hard.manifest: $(B)/boot/hard.elf

MODEL_HOST := $(B)/host/tests/model/model_test
$(B)/host/tests/model/%.o: CFLAGS_HOST += $(ARCH_HOST_FLAGS)
$(MODEL_HOST): $(B)/host/tests/model/model_test.o $(B)/host/tests/model/model.o $(KERNEL_HOST_OBJECTS) \
    $(TEST_HARNESS) $(CORE_HOST)
	$(call LINK_HOST,$(SAN))
TEST_HOST += $(MODEL_HOST)

tests/model/model_soak.sh: $(MODEL_HOST) ;
TEST_SOAK += tests/model/model_soak.sh

RACE_PARTS := $(B)/tests/model/user.o $(B)/tests/model/crew_asm.o \
    $(B)/engine/user/bench/handlers_asm.o
$(eval $(call NATIVE,race,$(B)/tests/model/race.o $(B)/tests/model/fire.o $(RACE_PARTS) $(PROC_OBJECTS)))
$(eval $(call NATIVE,races,$(B)/tests/model/races.o $(B)/tests/model/fires.o $(RACE_PARTS) $(PROC_OBJECTS)))
$(B)/tests/model/races.o: tests/model/race.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER) -DROUNDS=1000000)
$(B)/tests/model/fires.o: tests/model/fire.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER) -DMAPPED=100000)
$(B)/race.manifest: $(B)/boot/race.elf
$(B)/races.json: $(B)/race.json
	$(Q)sed 's/"race/"races/g' $< > $@
$(B)/races.manifest: $(B)/boot/races.elf
tests/model/races_soak.sh: $(B)/races.manifest $(B)/phoenix.elf ;
TEST_SOAK += tests/model/races_soak.sh
tests/model/race_test.sh: $(B)/race.manifest $(B)/phoenix.elf ;
TEST_BOOT += tests/model/race_test.sh

# What operations cost with few and with many: `flats` has 5,000 processes and a million holds.
$(eval $(call NATIVE,flat,$(B)/tests/model/flat.o $(B)/tests/model/user.o \
    $(B)/tests/model/crew_asm.o $(PROC_OBJECTS) $(B)/engine/lib/capnp/build.o))
$(eval $(call NATIVE,flats,$(B)/tests/model/flats.o $(B)/tests/model/user.o \
    $(B)/tests/model/crew_asm.o $(PROC_OBJECTS) $(B)/engine/lib/capnp/build.o))
$(B)/tests/model/flat.o $(B)/tests/model/flats.o: CFLAGS_USER += -Ibench
$(B)/tests/model/flats.o: tests/model/flat.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER) -DPROCESSES=5000 -DMANY_HOLDS=1000000)
$(B)/flats.json: $(B)/flat.json
	$(Q)sed 's/flat\.elf/flats.elf/g' $< > $@
$(B)/flat.manifest: $(B)/boot/flat.elf
$(B)/flats.manifest: $(B)/boot/flats.elf
tests/model/flat_test.sh: $(B)/flat.manifest $(B)/phoenix.elf ;
tests/model/flat_soak.sh: $(B)/flats.manifest $(B)/phoenix.elf ;
TEST_BOOT += tests/model/flat_test.sh
TEST_SOAK += tests/model/flat_soak.sh

$(eval $(call NATIVE,storm,$(B)/tests/model/storm.o $(B)/tests/model/user.o \
    $(B)/tests/model/crew_asm.o $(PROC_OBJECTS)))
$(eval $(call NATIVE,storms,$(B)/tests/model/storms.o $(B)/tests/model/user.o \
    $(B)/tests/model/crew_asm.o $(PROC_OBJECTS)))
$(B)/tests/model/storms.o: tests/model/storm.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER) -DSTEPS=42000)
$(B)/storms.json: $(B)/storm.json
	$(Q)sed 's/storm\.elf/storms.elf/g' $< > $@
$(B)/storm.manifest: $(B)/boot/storm.elf
$(B)/storms.manifest: $(B)/boot/storms.elf
tests/model/storm_test.sh: $(B)/storm.manifest $(B)/phoenix.elf ;
tests/model/storm_soak.sh: $(B)/storms.manifest $(B)/phoenix.elf ;
TEST_BOOT += tests/model/storm_test.sh
TEST_SOAK += tests/model/storm_soak.sh

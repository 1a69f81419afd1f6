# SPDX-License-Identifier: MIT
# The whole kernel against a naive model, its races and the time it keeps its lock.

HARD_PARTS := hard hard_rows hard_memory hard_accounts hard_waits hard_rings hard_bytes

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
$(B)/bench/hold.so: bench/hold.c tools/qemu/plugin.h
	$(LINK_PLUGIN)

tests/model/lock_test.sh: $(B)/hard.manifest $(B)/phoenix.elf $(B)/bench/hold.so ;

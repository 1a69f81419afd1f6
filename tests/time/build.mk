# SPDX-License-Identifier: MIT

$(eval $(call NATIVE,time,$(B)/tests/time/main.o $(PROC_OBJECTS)))

$(B)/tests/time/%.o: tests/time/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
$(B)/time.json $(B)/cores.json: $(B)/%.json: tests/time/%.cue manifests/schema.cue tools/mkmanifest/cue.js
	@$(if $(V),,echo '  cue $<';) mkdir -p $(@D)
	$(Q)node tools/mkmanifest/cue.js $< > $@
$(B)/time.manifest $(B)/cores.manifest: $(B)/boot/time.elf

tests/time/time_test.sh: $(B)/time.manifest $(B)/cores.manifest $(B)/phoenix.elf ;

TEST_BOOT += tests/time/time_test.sh

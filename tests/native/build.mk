# SPDX-License-Identifier: MIT
# Native programs that test the kernel and the runtime from user land.

NATIVE_TEST := main authority deaths builds runtime hostile services memory shared reclaim rings time messages

$(eval $(call NATIVE,native,$(NATIVE_TEST:%=$(B)/tests/native/%.o) $(PROC_OBJECTS) \
    $(B)/engine/user/bench/handlers_asm.o))

$(B)/tests/native/%.o: tests/native/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
$(B)/native.json: tests/native/native.cue manifests/schema.cue tools/mkmanifest/cue.js
	@$(if $(V),,echo '  cue $<';) mkdir -p $(@D)
	$(Q)node tools/mkmanifest/cue.js $< > $@
$(B)/native.manifest: $(addprefix $(B)/boot/,init.elf ramfs.elf launcher.elf native.elf)

tests/native/native_test.sh: $(B)/native.manifest $(B)/phoenix.elf ;

TEST_BOOT += tests/native/native_test.sh

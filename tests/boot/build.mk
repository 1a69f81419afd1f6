# SPDX-License-Identifier: MIT
# Booted machines, driven through their serial console.

BOOT_TESTS := $(addprefix $(B)/plain/tests/boot/,shell_test restart_test readers_test)

$(eval $(call NATIVE,readers,$(B)/tests/boot/readers.o))
$(B)/tests/boot/%.o: tests/boot/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))

$(BOOT_TESTS): %: %.o $(B)/plain/tests/boot/drive.o \
    | $(B)/phoenix.elf $(B)/system.manifest $(B)/restart.manifest
	$(call LINK_HOST,)

$(B)/restart.json: tests/boot/restart.cue manifests/schema.cue tools/mkmanifest/cue.js
	@$(if $(V),,echo '  cue $<';) mkdir -p $(@D)
	$(Q)node tools/mkmanifest/cue.js $< > $@
$(B)/restart.manifest: $(addprefix $(B)/boot/,init.elf console.elf ramfs.elf launcher.elf shell.elf caps.elf readers.elf)

TEST_BOOT += $(BOOT_TESTS) tests/boot/modules_test.sh

tests/boot/modules_test.sh: $(MKMANIFEST) $(addprefix $(B)/boot/,init.elf caps.elf) $(B)/phoenix.elf ;

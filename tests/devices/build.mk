# SPDX-License-Identifier: MIT
# Drivers in ring 3, on a machine with the devices.

DEVICES_TEST := main clocks edu dma deaths

$(eval $(call NATIVE,devices,$(DEVICES_TEST:%=$(B)/tests/devices/%.o) $(PROC_OBJECTS)))

$(B)/tests/devices/%.o: tests/devices/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
$(B)/devices.json: tests/devices/devices.cue manifests/schema.cue tools/mkmanifest/cue.js
	@$(if $(V),,echo '  cue $<';) mkdir -p $(@D)
	$(Q)node tools/mkmanifest/cue.js $< > $@
$(B)/devices.manifest: $(addprefix $(B)/boot/,init.elf devices.elf)

tests/devices/devices_test.sh: $(B)/devices.manifest $(B)/phoenix.elf ;

TEST_BOOT += tests/devices/devices_test.sh
tests/devices/devices_soak.sh: $(B)/devices.manifest $(B)/phoenix.elf ;
TEST_SOAK += tests/devices/devices_soak.sh

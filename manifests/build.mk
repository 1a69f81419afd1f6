# SPDX-License-Identifier: MIT
# Systems that can be booted: manifests/NAME.cue becomes $(B)/NAME.json (by CUE) and
# $(B)/NAME.manifest (by mkmanifest), which is the module that a machine is given.
# Each names its binaries as prerequisites: $(B)/NAME.manifest: $(B)/boot/x.elf

# What goes into a module, in $(B)/boot/: without the debugging information, which
# would only be hashed once more at every boot.
$(B)/boot/%.elf: $(B)/user/%.elf
	@$(if $(V),,echo '  strip $@';) mkdir -p $(@D)
	$(Q)strip --strip-debug -o $@ $<
$(B)/boot/%.elf: $(B)/%.elf
	@$(if $(V),,echo '  strip $@';) mkdir -p $(@D)
	$(Q)strip --strip-debug -o $@ $<

.PRECIOUS: $(B)/%.json $(B)/boot/%.elf
$(B)/%.json: manifests/%.cue manifests/schema.cue tools/mkmanifest/cue.js package-lock.json
	@$(if $(V),,echo '  cue $<';) mkdir -p $(@D)
	$(Q)node tools/mkmanifest/cue.js $< > $@

$(B)/%.manifest: $(B)/%.json $(MKMANIFEST)
	@$(if $(V),,echo '  pack $@';)
	$(Q)$(MKMANIFEST) --files $(B)/boot --depend $(B)/$*.d -o $@ $<

# What the launcher packs around one program, and what `make run` boots.
ALL += $(addprefix $(B)/boot/,init.elf libos.elf ramfs.elf console.elf) $(B)/system.manifest

$(B)/system.manifest: $(addprefix $(B)/boot/,init.elf console.elf ramfs.elf launcher.elf shell.elf caps.elf libos.elf)

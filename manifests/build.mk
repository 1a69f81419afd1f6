# SPDX-License-Identifier: MIT
# Systems that can be booted: manifests/NAME.cue becomes $(B)/NAME.json (by CUE) and
# $(B)/NAME.manifest (by mkmanifest), which is the module that a machine is given.

SYSTEM_BINARIES := $(addprefix $(B)/,user/init.elf user/ramfs.elf user/launcher.elf \
    user/shell.elf libos.elf)

$(B)/%.json: manifests/%.cue manifests/schema.cue tools/mkmanifest/cue.js package-lock.json
	@$(if $(V),,echo '  cue $<';) mkdir -p $(@D)
	$(Q)node tools/mkmanifest/cue.js $< > $@

$(B)/%.manifest: $(B)/%.json $(MKMANIFEST) $(SYSTEM_BINARIES)
	@$(if $(V),,echo '  pack $@';)
	$(Q)$(MKMANIFEST) --files $(B) --depend $(B)/$*.d -o $@ $<

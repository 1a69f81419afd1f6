# SPDX-License-Identifier: MIT
# Hostile programs: one a file, each run from the shell of a booted machine.

HOSTILE_SHARED := hostile trap operations places
HOSTILE_PROGRAMS := $(filter-out $(HOSTILE_SHARED) hostile_test,\
    $(basename $(notdir $(wildcard tests/hostile/*.c))))
HOSTILE_OBJECTS := $(HOSTILE_SHARED:%=$(B)/tests/hostile/%.o)
HOSTILE_TEST := $(B)/plain/tests/hostile/hostile_test

$(B)/tests/hostile/%.o: tests/hostile/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
$(B)/tests/hostile/%.o: tests/hostile/%.S | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))

# Not part of `make`: only the test wants them.
define HOSTILE
$(B)/user/$(1).elf: $(B)/engine/lib/rt/start_asm.o $(B)/tests/hostile/$(1).o \
    $(HOSTILE_OBJECTS) $(B)/lib/librt.a $(B)/lib/libcapnp.a
	@$$(if $$(V),,echo '  link $$@';) mkdir -p $$(@D)
	$$(Q)$$(LD) -static -nostdlib --gc-sections -z max-page-size=4096 -z noexecstack \
	    --image-base=0x200000 -e _start $$^ -o $$@
endef
$(foreach program,$(HOSTILE_PROGRAMS),$(eval $(call HOSTILE,$(program))))

# Its list of programs is what lies in the folder.
$(B)/hostile.cue: tests/hostile/hostile.cue tests/hostile/build.mk \
    $(HOSTILE_PROGRAMS:%=tests/hostile/%.c)
	$(Q){ cat $<; echo 'programs: ['; printf '\t"%s",\n' $(HOSTILE_PROGRAMS); echo ']'; } > $@
$(B)/hostile.json: $(B)/hostile.cue manifests/schema.cue tools/mkmanifest/cue.js
	@$(if $(V),,echo '  cue $<';)
	$(Q)node tools/mkmanifest/cue.js $< > $@
$(B)/hostile.manifest: $(addprefix $(B)/boot/,$(HOSTILE_PROGRAMS:%=%.elf) init.elf launcher.elf \
    console.elf ramfs.elf shell.elf caps.elf)

$(HOSTILE_TEST): %: %.o $(B)/plain/tests/boot/drive.o | $(B)/phoenix.elf $(B)/hostile.manifest
	$(call LINK_HOST,)

tests/hostile/hostile_test.sh tests/hostile/hostile_soak.sh: $(HOSTILE_TEST) ;

TEST_BOOT += tests/hostile/hostile_test.sh
TEST_SOAK += tests/hostile/hostile_soak.sh

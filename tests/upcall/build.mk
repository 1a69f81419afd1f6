# SPDX-License-Identifier: MIT
# Upcalls disturbed at every instruction. The libos's assembly is linked twice.

UPCALL_B := $(B)/tests/upcall
UPCALL_OBJECTS := $(addprefix $(UPCALL_B)/,main.o subject_asm.o subject.o first.o second.o)

$(eval $(call NATIVE,upcall,$(UPCALL_OBJECTS) $(PROC_OBJECTS)))

$(UPCALL_B)/%.o: tests/upcall/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER) -Iengine -I$(UPCALL_B))
$(UPCALL_B)/%_asm.o: tests/upcall/%.S | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
$(UPCALL_B)/first.o: $(B)/libos/engine/libos/core/upcall.S.o
	@mkdir -p $(@D)
	$(Q)objcopy --redefine-sym _start=libos_start $< $@
$(UPCALL_B)/second.o: $(B)/libos/engine/libos/core/upcall.S.o
	@mkdir -p $(@D)
	$(Q)objcopy --prefix-symbols=second_ $< $@
$(UPCALL_B)/points.inc.c: $(B)/libos/engine/libos/core/upcall.S.o tests/upcall/points.js
	@mkdir -p $(@D)
	$(Q)objdump -d --no-show-raw-insn $< | \
	    node tests/upcall/points.js upcall_entry_watched thread_restart_stack > $@
$(UPCALL_B)/main.o: $(UPCALL_B)/points.inc.c

$(B)/upcall.json: tests/upcall/upcall.cue manifests/schema.cue tools/mkmanifest/cue.js
	@$(if $(V),,echo '  cue $<';) mkdir -p $(@D)
	$(Q)node tools/mkmanifest/cue.js $< > $@
$(B)/upcall.manifest: $(addprefix $(B)/boot/,init.elf upcall.elf)

tests/upcall/upcall_test.sh: $(B)/upcall.manifest $(B)/phoenix.elf ;

TEST_BOOT += tests/upcall/upcall_test.sh

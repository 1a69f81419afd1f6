# SPDX-License-Identifier: MIT
# The runtime library of native programs: what is here, and core's logic compiled
# for ring 3. $(eval $(call NATIVE,NAME,OBJECTS,FLAGS)) makes a program; the linker's
# flag `-z stack-size=BYTES` asks for its first stack, two pages without.

RT_SOURCES := start out alloc heap thread serve show tables interfaces
RT_OBJECTS := $(RT_SOURCES:%=$(B)/engine/lib/rt/%.o) $(B)/engine/lib/rt/sys_asm.o \
    $(B)/engine/lib/rt/start_asm.o $(B)/engine/lib/elf/elf.o $(B)/engine/lib/fmt/fmt.o $(B)/user/bytes.o

$(B)/engine/lib/rt/%_asm.o: engine/lib/rt/%.S | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
$(B)/user/bytes.o: $(ARCH_DIR)/bytes.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER) -fno-builtin)

$(B)/lib/librt.a: $(RT_OBJECTS)
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcsD $@ $^

# Start code first; everything else is taken as it is needed.
define NATIVE
$(B)/user/$(1).elf: $(B)/engine/lib/rt/start_asm.o $(2) $(B)/lib/librt.a $(B)/lib/libcapnp.a
	@$$(if $$(V),,echo '  link $$@';) mkdir -p $$(@D)
	$$(Q)$$(LD) -static -nostdlib --gc-sections -z max-page-size=4096 -z noexecstack \
	    --image-base=0x200000 -e _start $(3) $$^ -o $$@
ALL += $(B)/user/$(1).elf
endef

$(B)/host/engine/lib/rt/heap_test: $(B)/host/engine/lib/rt/heap.o $(B)/host/engine/lib/rt/heap_test.o
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/lib/rt/heap_test

# SPDX-License-Identifier: MIT
#
# For programs outside of this tree: a Makefile says what there is and includes this file.
#
#   PROGRAMS  native programs: NAME is made of NAME.c, and of NAME_OBJECTS if that is set
#   SCHEMAS   Cap'n Proto files with interfaces; X.capnp is X.capnp.h and X.stubs.h to C
#   SYSTEMS   NAME.cue becomes NAME.manifest, which `make run` boots (of the first one)
#
# What is made goes to build/, but for the manifests. The tree that this file lies in must
# have been built; its headers, libraries, tools and programs are used where they are.
#
# Text   docs/write-a-program.md, docs/write-a-service.md
# Tests  tests/docs/examples_test.sh

PHOENIX_TREE := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))../..)
PHOENIX_BUILD ?= build
PHOENIX_OUT := $(PHOENIX_TREE)/$(PHOENIX_BUILD)
ifeq ($(wildcard $(PHOENIX_OUT)/system.manifest),)
$(error $(PHOENIX_OUT) is not built: type `make` in $(PHOENIX_TREE))
endif

OUT := build
CC := $(shell cat $(PHOENIX_OUT)/compiler)
CFLAGS ?= -Wall -Wextra
# The generated headers of one's own schemas come before the tree's.
PHOENIX_FLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-pic -fno-pie -mgeneral-regs-only \
    -mno-red-zone -fno-stack-protector -fno-asynchronous-unwind-tables $(if $(SCHEMAS),-I$(OUT)/gen) \
    -I$(PHOENIX_TREE)/engine/include -I$(PHOENIX_TREE)/engine/core -I$(PHOENIX_TREE)/engine/lib \
    -I$(PHOENIX_OUT)/gen
PHOENIX_LINK := ld.lld -static -nostdlib --gc-sections -z max-page-size=4096 -z noexecstack \
    --image-base=0x200000 -e _start $(PHOENIX_OUT)/engine/lib/rt/start_asm.o
PHOENIX_LIBRARIES := $(PHOENIX_OUT)/lib/librt.a $(PHOENIX_OUT)/lib/libcapnp.a
PHOENIX_HEADERS :=

all: $(PROGRAMS:%=$(OUT)/boot/%.elf) $(SYSTEMS:%=%.manifest)

# --- schemas --------------------------------------------------------------------
# All of a system's interfaces are in one table, which init and mkmanifest are linked
# with: whoever brings new ones links the two again.

PHOENIX_INIT := $(PHOENIX_OUT)/boot/init.elf
PHOENIX_PACK := $(PHOENIX_OUT)/tools/mkmanifest
ifneq ($(SCHEMAS),)
PHOENIX_HEADERS := $(OUT)/gen/interfaces.inc.c
PHOENIX_INIT := $(OUT)/init.elf
PHOENIX_PACK := $(OUT)/mkmanifest

$(PHOENIX_HEADERS): $(SCHEMAS)
	mkdir -p $(OUT)/gen
	capnp compile -I$(PHOENIX_TREE)/schema --src-prefix=$(PHOENIX_TREE)/schema --src-prefix=. \
	    -o$(PHOENIX_OUT)/tools/capnpc-phoenix:$(OUT)/gen $(PHOENIX_TREE)/schema/*.capnp $(SCHEMAS)
$(OUT)/interfaces.o: $(PHOENIX_HEADERS)
	$(CC) $(PHOENIX_FLAGS) -c $< -o $@
$(OUT)/host_interfaces.o: $(PHOENIX_HEADERS)
	$(CC) -std=gnu11 -I$(OUT)/gen -I$(PHOENIX_TREE)/engine/include -c $< -o $@
$(OUT)/init.elf: $(OUT)/interfaces.o $(PHOENIX_OUT)/lib/libinit.a
	$(PHOENIX_LINK) $^ $(PHOENIX_LIBRARIES) -o $@
$(OUT)/mkmanifest: $(OUT)/host_interfaces.o $(PHOENIX_OUT)/lib/libmkmanifest.a
	$(CC) $^ -o $@
endif

# --- programs -------------------------------------------------------------------

$(OUT)/%.o: %.c $(PHOENIX_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(PHOENIX_FLAGS) $(CFLAGS) -MMD -MP -c $< -o $@
.SECONDEXPANSION:
$(PROGRAMS:%=$(OUT)/%.elf): $(OUT)/%.elf: $(OUT)/%.o $$($$*_OBJECTS) $(PHOENIX_LIBRARIES)
	$(PHOENIX_LINK) $^ -o $@
$(PROGRAMS:%=$(OUT)/boot/%.elf): $(OUT)/boot/%.elf: $(OUT)/%.elf
	@mkdir -p $(@D)
	strip --strip-debug -o $@ $<
-include $(wildcard $(OUT)/*.d)

# --- systems --------------------------------------------------------------------

# What a manifest may name: the tree's programs, and one's own.
$(OUT)/boot/.filled: $(PHOENIX_INIT)
	@mkdir -p $(@D)
	ln -sf $(PHOENIX_OUT)/boot/*.elf $(@D)
	ln -sf $(abspath $(PHOENIX_INIT)) $(@D)/init.elf
	@touch $@
$(OUT)/%.json: %.cue
	@mkdir -p $(@D)
	node $(PHOENIX_TREE)/tools/mkmanifest/cue.js $< >$@ || { rm -f $@; exit 1; }
%.manifest: $(OUT)/%.json $(PROGRAMS:%=$(OUT)/boot/%.elf) $(OUT)/boot/.filled $(PHOENIX_PACK)
	$(PHOENIX_PACK) --files $(OUT)/boot -o $@ $<
.PRECIOUS: $(OUT)/%.json $(OUT)/%.o $(OUT)/%.elf

# `make run OPTIONS=...`: those of ./phoenix shell.
run: $(firstword $(SYSTEMS)).manifest
	@rm -rf $(OUT)/images && mkdir $(OUT)/images
	@ln -s $(PHOENIX_OUT)/phoenix.elf $(OUT)/images/phoenix.elf
	@ln -s $(abspath $<) $(OUT)/images/system.manifest
	@PHOENIX_IMAGES=$(OUT)/images $(PHOENIX_OUT)/tools/phoenix shell $(OPTIONS)

clean:
	rm -rf $(OUT) $(SYSTEMS:%=%.manifest)
.PHONY: all run clean

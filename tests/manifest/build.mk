# SPDX-License-Identifier: MIT
#
# Damaged manifests: the kernel's check and init's on this machine, and booted.

MANIFEST_DIR := tests/manifest
MANIFEST_B := $(B)/$(MANIFEST_DIR)
WRAP_PANIC := -Wl,--wrap=panic
MANIFEST_OBJECTS := $(addprefix $(B)/host/$(MANIFEST_DIR)/,shape.o mutate.o verdict.o) \
    $(KERNEL_HOST_SOURCES:%.c=$(B)/host/%.o) $(B)/host/engine/kernel/init.o $(ARCH_HOST_OBJECTS) \
    $(INIT_CHECK:%=$(B)/host/%.o) $(B)/host/engine/lib/rt/interfaces.o \
    $(addprefix $(B)/host/engine/lib/,capnp/read.o capnp/build.o elf/elf.o fmt/fmt.o sha256/sha256.o) \
    $(CORE_HOST)

$(B)/host/$(MANIFEST_DIR)/%.o: CFLAGS_HOST += $(ARCH_HOST_FLAGS)

# Manifests as the C++ library reads them.
MANIFEST_CXX := $(B)/host/$(MANIFEST_DIR)/cxx
MANIFEST_ORACLE := $(B)/host/$(MANIFEST_DIR)/oracle.o \
    $(MANIFEST_CXX)/manifest.capnp.o $(MANIFEST_CXX)/annotations.capnp.o
$(MANIFEST_CXX)/manifest.capnp.h: schema/manifest.capnp schema/annotations.capnp
	@$(if $(V),,echo '  capnp $<';) mkdir -p $(@D)
	$(Q)capnp compile --src-prefix=schema -oc++:$(@D) $^
$(MANIFEST_CXX)/%.capnp.o: $(MANIFEST_CXX)/manifest.capnp.h
	$(Q)$(HOSTCXX) $(CXXFLAGS_HOST) -c $(@:.o=.c++) -o $@
$(B)/host/$(MANIFEST_DIR)/%.o: $(MANIFEST_DIR)/%.cc $(MANIFEST_CXX)/manifest.capnp.h
	$(call COMPILE,$(HOSTCXX),$(CXXFLAGS_HOST) $(SAN) -I$(MANIFEST_CXX))

$(B)/host/$(MANIFEST_DIR)/checks_test: $(B)/host/$(MANIFEST_DIR)/checks_test.o $(MANIFEST_OBJECTS) \
    $(MANIFEST_ORACLE) | $(MANIFEST_B)/tiny/services.module $(MANIFEST_B)/tiny/run.module
	@echo '  link $@'
	$(Q)$(HOSTCXX) $(SAN) $(WRAP_PANIC) $(filter %.o %.a,$^) -lcapnp -lkj -o $@

# The same manifests twice: with programs as small as can be, and to be booted.
$(MANIFEST_B)/tiny/tiny.o: $(MANIFEST_DIR)/tiny.S
	@mkdir -p $(@D)
	$(Q)$(CC) -c $< -o $@
$(MANIFEST_B)/tiny/%.elf: $(MANIFEST_B)/tiny/tiny.o
	$(Q)$(LD) -static -nostdlib --strip-all --image-base=$(if $(filter libos,$*),0x7fffe0000000,0x200000) -z max-page-size=4096 \
	    -z separate-code $< -o $@
$(MANIFEST_B)/real/program.elf: $(MANIFEST_DIR)/program.c
	@$(if $(V),,echo '  compile $@';) mkdir -p $(@D)
	$(Q)musl-gcc -static -s -O1 -Wall -Wextra -Werror $< -o $@
$(MANIFEST_B)/real/%.elf: $(B)/boot/%.elf
	@mkdir -p $(@D)
	$(Q)cp $< $@

# A page, two pages of nothing, and 100 bytes.
$(MANIFEST_B)/%/sparse: $(MANIFEST_DIR)/build.mk
	@mkdir -p $(@D)
	$(Q)rm -f $@ && truncate -s 12388 $@
	$(Q)printf 'a file with a hole\n' | dd of=$@ conv=notrunc status=none
	$(Q)printf 'the end' | dd of=$@ seek=12288 oflag=seek_bytes conv=notrunc status=none

MANIFEST_BINARIES := init console ramfs launcher shell libos program
define MANIFEST_MODULE
$(MANIFEST_B)/$(1)/$(2).module: $(MANIFEST_DIR)/$(2).json $(MANIFEST_B)/$(1)/sparse $(MKMANIFEST) \
    $(MANIFEST_BINARIES:%=$(MANIFEST_B)/$(1)/%.elf)
	@$$(if $$(V),,echo '  pack $$@';)
	$$(Q)$$(MKMANIFEST) --files $$(@D) -o $$@ $$<
endef
$(foreach size,tiny real,$(foreach kind,services run,$(eval $(call MANIFEST_MODULE,$(size),$(kind)))))

TEST_HOST += $(B)/host/$(MANIFEST_DIR)/checks_test

# The boot header alone, of a module with every grant that there is.
$(B)/host/$(MANIFEST_DIR)/header_test: $(B)/host/$(MANIFEST_DIR)/header_test.o \
    $(MANIFEST_OBJECTS) | $(MANIFEST_B)/real/header.module
	$(call LINK_HOST,$(SAN) $(WRAP_PANIC))
$(MANIFEST_B)/real/header.module: $(MANIFEST_DIR)/header.json $(MKMANIFEST) $(MANIFEST_B)/real/init.elf
	@$(if $(V),,echo '  pack $@';)
	$(Q)$(MKMANIFEST) --files $(@D) -o $@ $<
TEST_HOST += $(B)/host/$(MANIFEST_DIR)/header_test

MANIFEST_BOOTS := $(addprefix $(B)/host/$(MANIFEST_DIR)/,boot_services_test boot_run_test \
    boot_blobs_test)
$(MANIFEST_BOOTS): %: %.o $(B)/host/$(MANIFEST_DIR)/boots.o $(B)/host/tests/boot/drive.o \
    $(MANIFEST_OBJECTS) \
    | $(B)/phoenix.elf $(MANIFEST_B)/real/services.module $(MANIFEST_B)/real/run.module
	$(call LINK_HOST,$(SAN) $(WRAP_PANIC))

TEST_BOOT += $(MANIFEST_BOOTS)
TEST_SOAK += tests/manifest/soak_test.sh
tests/manifest/soak_test.sh: $(MANIFEST_BOOTS) $(B)/host/$(MANIFEST_DIR)/checks_test ;

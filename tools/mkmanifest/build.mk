# SPDX-License-Identifier: MIT
# mkmanifest, and the part of it that the launcher links: everything but main.c.

MKMANIFEST := $(B)/tools/mkmanifest
PACK_OBJECTS := $(patsubst %,$(B)/plain/tools/mkmanifest/%.o,blob boot check check_services json memory \
    pack place read tree) \
    $(B)/plain/engine/lib/sha256/sha256.o $(B)/plain/engine/lib/sha256/sha256_x86.o \
    $(B)/plain/engine/lib/capnp/build.o \
    $(B)/plain/engine/lib/elf/elf.o $(B)/plain/engine/lib/manifest/names.o $(B)/plain/engine/lib/manifest/program.o \
    $(B)/plain/engine/lib/rt/interfaces.o
ALL += $(MKMANIFEST)

$(MKMANIFEST): $(B)/plain/tools/mkmanifest/main.o $(PACK_OBJECTS)
	$(call LINK_HOST)

# For systems with interfaces of their own (tools/sdk/phoenix.mk): all but their table.
$(B)/lib/libmkmanifest.a: $(B)/plain/tools/mkmanifest/main.o \
    $(filter-out %/interfaces.o,$(PACK_OBJECTS))
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcsD $@ $^
ALL += $(B)/lib/libmkmanifest.a

# SPDX-License-Identifier: MIT
# The first process.

INIT_CHECK := $(addprefix engine/services/init/,check check_services check_trees whole order) \
    engine/lib/manifest/names engine/lib/manifest/program
INIT_SOURCES := $(addprefix engine/services/init/,main date services run) $(INIT_CHECK)

$(B)/user/sha256.o: engine/lib/sha256/sha256.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))

$(eval $(call NATIVE,init,$(INIT_SOURCES:%=$(B)/%.o) $(PROC_OBJECTS) \
    $(B)/user/sha256.o))

# For systems with interfaces of their own (tools/sdk/phoenix.mk).
$(B)/lib/libinit.a: $(INIT_SOURCES:%=$(B)/%.o) $(PROC_OBJECTS) $(B)/user/sha256.o
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcsD $@ $^
ALL += $(B)/lib/libinit.a

$(B)/host/engine/services/init/check_test: $(B)/host/engine/services/init/check_test.o \
    $(INIT_CHECK:%=$(B)/host/%.o) $(B)/host/engine/lib/rt/interfaces.o \
    $(B)/host/engine/lib/capnp/build.o $(B)/host/engine/lib/capnp/read.o \
    $(B)/host/engine/lib/fmt/fmt.o $(B)/host/engine/lib/elf/elf.o \
    $(B)/host/engine/lib/sha256/sha256.o
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/services/init/check_test

# SPDX-License-Identifier: MIT
# Cap'n Proto for programs: reading and building.

LIBCAPNP := $(B)/lib/libcapnp.a
LIBCAPNP_OBJECTS := $(B)/engine/lib/capnp/build.o $(B)/engine/lib/capnp/read.o
ALL += $(LIBCAPNP)

$(LIBCAPNP): $(LIBCAPNP_OBJECTS)
	@echo '  archive $@'; mkdir -p $(@D); rm -f $@
	$(Q)$(AR) rcsD $@ $^

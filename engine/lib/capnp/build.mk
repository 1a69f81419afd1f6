# SPDX-License-Identifier: MIT
# Cap'n Proto for programs: what kernel and programs share (reading) is compiled
# once more, because the kernel's code model is another.

LIBCAPNP := $(B)/lib/libcapnp.a
LIBCAPNP_OBJECTS := $(B)/engine/lib/capnp/build.o $(B)/engine/lib/capnp/capnp_read.o
ALL += $(LIBCAPNP)

$(B)/engine/lib/capnp/capnp_read.o: engine/core/capnp_read.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))

$(LIBCAPNP): $(LIBCAPNP_OBJECTS)
	@echo '  archive $@'; mkdir -p $(@D); rm -f $@
	$(Q)$(AR) rcsD $@ $^

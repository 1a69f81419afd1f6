# SPDX-License-Identifier: MIT
# The first process.

INIT_CHECK := check order names
INIT_SOURCES := main services run $(INIT_CHECK)

$(B)/user/sha256.o: engine/lib/sha256/sha256.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))

$(eval $(call NATIVE,init,$(INIT_SOURCES:%=$(B)/engine/services/init/%.o) $(PROC_OBJECTS) \
    $(B)/user/sha256.o))

# SPDX-License-Identifier: MIT
# The launcher.

PHOENIX := $(B)/tools/phoenix
PHOENIX_OBJECTS := $(patsubst tools/%.c,$(B)/plain/tools/%.o,$(wildcard tools/phoenix/*.c)) \
    $(B)/plain/engine/lib/framing/framing.o $(B)/plain/tools/qemu/processors.o
ALL += $(PHOENIX)

$(PHOENIX): $(PHOENIX_OBJECTS) $(PACK_OBJECTS)
	$(call LINK_HOST,-lm)

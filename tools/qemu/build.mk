# SPDX-License-Identifier: MIT
# Plugins of the emulator; what they call is in QEMU itself. In a recipe:
# $(LINK_PLUGIN): sources into a plugin.

define LINK_PLUGIN
@$(if $(V),,echo '  link $@';) mkdir -p $(@D)
$(Q)$(HOSTCC) -shared -fPIC -fvisibility=hidden $(CFLAGS_HOST) -O2 $(filter %.c,$^) -o $@
endef

$(B)/tools/count.so: tools/qemu/count.c tools/qemu/processors.c \
    $(addprefix tools/qemu/,counts.h plugin.h processors.h) engine/include/phoenix/layout.h
	$(LINK_PLUGIN)

ALL += $(B)/tools/count.so

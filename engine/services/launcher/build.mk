# SPDX-License-Identifier: MIT
# The launcher service.

$(eval $(call NATIVE,launcher,$(patsubst %,$(B)/engine/services/launcher/%.o,main launch start list) \
    $(PROC_OBJECTS)))

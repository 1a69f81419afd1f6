# SPDX-License-Identifier: MIT
# The console's driver: the input as a pure thing, tested here, and the server around it.

CONSOLE_DRIVER := engine/services/console/main engine/services/console/input \
    engine/lib/framing/framing

$(eval $(call NATIVE,console,$(CONSOLE_DRIVER:%=$(B)/%.o)))

$(B)/host/engine/services/console/input_test: %: %.o \
    $(B)/host/engine/services/console/input.o $(B)/host/engine/lib/framing/framing.o $(TEST_HARNESS)
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/services/console/input_test

# SPDX-License-Identifier: MIT
# The decoder of the serial protocol: linked by the console's driver and by the launcher.

$(B)/host/engine/lib/framing/framing_test: %: %.o $(B)/host/engine/lib/framing/framing.o \
    $(TEST_HARNESS)
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/lib/framing/framing_test

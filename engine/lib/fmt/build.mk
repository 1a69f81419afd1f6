# SPDX-License-Identifier: MIT
# Text from a format: linked by native programs (rt) and the libos.

$(B)/host/engine/lib/fmt/fmt_test: %: %.o $(B)/host/engine/lib/fmt/fmt.o $(TEST_HARNESS)
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/lib/fmt/fmt_test

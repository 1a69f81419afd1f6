# SPDX-License-Identifier: MIT
# ChaCha20 and a generator over it: linked by the libos.

$(B)/host/engine/lib/chacha/chacha_test: %: %.o $(B)/host/engine/lib/chacha/chacha.o \
    $(TEST_HARNESS) $(CORE_HOST)
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/lib/chacha/chacha_test

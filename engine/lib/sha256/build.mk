# SPDX-License-Identifier: MIT
# SHA-256: linked by init and by the host's packer from this one source.

$(B)/host/engine/lib/sha256/sha256_test: \
    $(B)/host/engine/lib/sha256/sha256.o $(B)/host/engine/lib/sha256/sha256_test.o
	$(call LINK_HOST,$(SAN))

# The same, with the processor's own instructions where it has them.
$(B)/host/engine/lib/sha256/sha256_x86_test: $(B)/host/engine/lib/sha256/sha256.o \
    $(B)/host/engine/lib/sha256/sha256_x86.o $(B)/host/engine/lib/sha256/sha256_test.o
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/lib/sha256/sha256_x86_test
TEST_HOST += $(B)/host/engine/lib/sha256/sha256_test

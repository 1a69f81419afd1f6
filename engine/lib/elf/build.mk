# SPDX-License-Identifier: MIT
# The ELF reader's test. What must be true of any input is written once, for the fuzzer
# (tests/elf) and for this.

$(B)/host/engine/lib/elf/elf_test: %: %.o $(B)/host/engine/lib/elf/elf_fuzz_test.o \
    $(B)/host/engine/lib/elf/elf.o $(TEST_HARNESS)
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/lib/elf/elf_test

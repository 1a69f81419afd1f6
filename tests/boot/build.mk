# SPDX-License-Identifier: MIT
# Booted machines, driven through their serial console.

$(B)/plain/tests/boot/shell_test: $(B)/plain/tests/boot/shell_test.o $(B)/plain/tests/boot/drive.o \
    | $(B)/phoenix.elf $(B)/system.manifest
	$(call LINK_HOST,)

TEST_BOOT += $(B)/plain/tests/boot/shell_test

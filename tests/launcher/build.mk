# SPDX-License-Identifier: MIT
# The launcher's tests: its pure part, all of it against a pretended machine, and with
# real ones.

FAKE_QEMU := $(B)/tests/launcher/fake_qemu
FRAMES_TEST := $(B)/tests/launcher/frames_test
SCRIPT_TEST := $(B)/tests/launcher/script_test
MOUNT_TEST := $(B)/tests/launcher/mount_test
NAMES_TEST := $(B)/tests/launcher/names_test
TEST_HOST += $(NAMES_TEST) $(FRAMES_TEST) $(MOUNT_TEST) $(SCRIPT_TEST) tests/launcher/launcher_test.sh tests/launcher/cache_test.sh
TEST_BOOT += tests/launcher/machines_test.sh
TEST_TOOLS += $(FAKE_QEMU)

tests/launcher/launcher_test.sh: | $(FAKE_QEMU) $(PHOENIX) ;

$(FAKE_QEMU): $(B)/plain/tests/launcher/fake_qemu.o $(B)/plain/engine/lib/framing/framing.o
	$(call LINK_HOST)

$(FRAMES_TEST): $(addprefix $(B)/host/,tests/launcher/frames_test.o tools/phoenix/frames.o \
    engine/lib/framing/framing.o)
	$(call LINK_HOST,$(SAN))

$(MOUNT_TEST): $(addprefix $(B)/host/,tests/launcher/mount_test.o tools/phoenix/mount.o \
    tools/mkmanifest/memory.o tests/harness/main.o)
	$(call LINK_HOST,$(SAN))

$(NAMES_TEST): $(addprefix $(B)/host/,tests/launcher/names_test.o tools/phoenix/names.o \
    tests/harness/main.o)
	$(call LINK_HOST,$(SAN))

$(SCRIPT_TEST): $(addprefix $(B)/host/,tests/launcher/script_test.o tools/phoenix/script.o \
    tests/harness/main.o)
	$(call LINK_HOST,$(SAN))

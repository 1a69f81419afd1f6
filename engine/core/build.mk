# SPDX-License-Identifier: MIT
#
# The pure logic of the kernel, on the host: an archive of it with the sanitizers
# in, and one test program for each X_test.c. (The kernel compiles the same files
# with its own flags, see engine/kernel/build.mk.)

CORE_SOURCES := $(sort $(filter-out %_test.c,$(wildcard engine/core/*.c)))
CORE_TESTS := $(sort $(wildcard engine/core/*_test.c))
CORE_HOST := $(B)/host/engine/core/libcore.a
TEST_HARNESS := $(B)/host/tests/harness/main.o

$(CORE_HOST): $(CORE_SOURCES:%.c=$(B)/host/%.o)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(CORE_TESTS:%.c=$(B)/host/%): %: %.o $(TEST_HARNESS) $(CORE_HOST)
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(CORE_TESTS:%.c=$(B)/host/%)

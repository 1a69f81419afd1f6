# SPDX-License-Identifier: MIT
#
# The whole generic kernel in host programs, with the sanitizers in: its operations
# under scarcity, deaths in the middle of them, and hostile arguments.

KERNEL_HOST_SOURCES := $(filter-out %_test.c engine/kernel/main.c engine/kernel/init.c, \
    $(sort $(wildcard engine/kernel/*.c)))
KERNEL_HOST_OBJECTS := $(KERNEL_HOST_SOURCES:%.c=$(B)/host/%.o) $(ARCH_HOST_OBJECTS) \
    $(addprefix $(B)/host/tests/kernel/,world.o look.o attempt.o)
KERNEL_HOST_TESTS := $(patsubst %.c,$(B)/host/%,$(wildcard tests/kernel/*_test.c))

# The C library's log() is another.
$(B)/host/engine/kernel/log.o: CFLAGS_HOST += -fno-builtin-log

$(B)/host/tests/kernel/%.o: CFLAGS_HOST += $(ARCH_HOST_FLAGS)
$(KERNEL_HOST_TESTS): %: %.o $(KERNEL_HOST_OBJECTS) $(TEST_HARNESS) $(CORE_HOST)
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(KERNEL_HOST_TESTS)

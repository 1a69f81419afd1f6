# SPDX-License-Identifier: MIT
# The libos: one image at 0x7fffe0000000. It is out of reach of 32-bit absolute
# addresses, so everything in it, what it shares with others included, is compiled
# position independent (and linked at its place, without relocations). There is nothing
# outside of the image, so no address is looked up in a table: clang would, and its
# linker then makes absolute addresses of them where it thinks that they fit.

LIBOS_CFLAGS = $(filter-out -fno-pic -fno-pie,$(CFLAGS_USER)) -fpie -fvisibility=hidden \
    $(if $(findstring clang,$(CC)),-fdirect-access-external-data) -Iengine/libos/core -Iengine/libos/linux
LIBOS_SHARED := $(ARCH_DIR)/bytes.c engine/lib/elf/elf.c engine/lib/capnp/read.c \
    engine/lib/fmt/fmt.c engine/lib/chacha/chacha.c engine/lib/rt/sys.S
LIBOS_SOURCES := $(filter-out %_test.c,$(sort $(wildcard engine/libos/core/*.c \
    engine/libos/linux/*.c engine/libos/core/*.S))) $(LIBOS_SHARED)
LIBOS_OBJECTS := $(LIBOS_SOURCES:%=$(B)/libos/%.o)

$(B)/libos/%.c.o: %.c | $(GENERATED)
	$(call COMPILE,$(CC),$(LIBOS_CFLAGS))
$(B)/libos/%.S.o: %.S | $(GENERATED)
	$(call COMPILE,$(CC),$(LIBOS_CFLAGS))

$(B)/libos.elf: $(LIBOS_OBJECTS) engine/libos/libos.ld
	@$(if $(V),,echo '  link $@';) mkdir -p $(@D)
	$(Q)$(LD) -nostdlib -static --no-pie -z max-page-size=4096 --build-id=none \
	    -T engine/libos/libos.ld $(LIBOS_OBJECTS) -o $@

ALL += $(B)/libos.elf

$(B)/host/engine/libos/core/tty_test: $(B)/host/engine/libos/core/tty_test.o \
    $(B)/host/engine/libos/core/tty.o
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/libos/core/tty_test

# --- the pure parts, here -------------------------------------------------------

LIBOS_HOST := $(B)/host/engine/libos
LIBOS_TESTS := $(addprefix $(LIBOS_HOST)/,core/vma_test core/resident_test core/heap_test \
    core/descriptors_test linux/stack_test linux/load_test)

$(LIBOS_HOST)/%.o: CFLAGS_HOST += -Itests/harness
$(LIBOS_HOST)/core/vma_test: $(LIBOS_HOST)/core/vma.o
$(LIBOS_HOST)/core/resident_test: $(LIBOS_HOST)/core/resident.o
$(LIBOS_HOST)/core/heap_test: $(LIBOS_HOST)/core/heap.o
$(LIBOS_HOST)/core/descriptors_test: $(LIBOS_HOST)/core/file.o
$(LIBOS_HOST)/linux/stack_test: $(LIBOS_HOST)/linux/stack.o
$(LIBOS_HOST)/linux/load_test: $(LIBOS_HOST)/linux/load.o $(B)/host/engine/lib/elf/elf.o \
    $(B)/host/tests/elf/mutate.o
$(LIBOS_TESTS): %: %.o $(B)/host/tests/harness/main.o
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(LIBOS_TESTS)

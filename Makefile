# SPDX-License-Identifier: MIT
#
# Builds, runs, tests and measures Phoenix; `make help` lists the goals.
#
# One make process knows everything: each part has a fragment (build.mk) in its
# folder, with paths relative to this one, that appends to the lists below and
# brings its own rules. Outputs go to $(B), generated sources to $(GEN).
#
# What a goal needs on the machine is checked first and installed if missing.
# That check is a makefile that this one includes, because make brings included
# makefiles up to date before it looks at anything else; it is made once, so a
# second `make` does nothing and needs no network.
#
# The outputs depend on the sources and the compiler only: no times, no folder
# names, no order in which a directory happens to be listed.

B ?= build
GEN := $(B)/gen
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
export LC_ALL := C

ifeq ($(origin CC),default)
CC := gcc
endif
HOSTCC ?= $(CC)
HOSTCXX ?= $(if $(findstring clang,$(CC)),clang++,g++)
LD := ld.lld
AR := ar

.DEFAULT_GOAL := all

# --- flags ----------------------------------------------------------------

WARN_BOTH := -Wall -Wextra -Wshadow -Wundef -Wvla -Wcast-qual -Wwrite-strings -Werror
# A parameter that is not used has no name, as C23 allows.
WARN := $(WARN_BOTH) -Wstrict-prototypes -Wmissing-prototypes -Wno-c2x-extensions
WARN_CXX := -Wall -Wextra -Wshadow -Wundef -Wvla -Werror
# Paths in debug information and __FILE__ start at the top of the tree.
REPRODUCIBLE := -ffile-prefix-map=$(CURDIR)=.
DEPEND = -MMD -MP -MF $(@:.o=.d)
INCLUDES := -Iengine/include -Iengine/core
FREESTANDING := -std=gnu11 -O2 -g -ffreestanding -fno-pic -fno-pie -mgeneral-regs-only \
    -mno-red-zone -fno-stack-protector -fno-asynchronous-unwind-tables $(REPRODUCIBLE)

CFLAGS_KERNEL := $(FREESTANDING) -mcmodel=kernel -fno-omit-frame-pointer -ffunction-sections \
    $(WARN) -DARCH_INLINE_HEADER='"arch/x86_64/arch_inline.h"' \
    $(INCLUDES) -Iengine/kernel -I$(GEN)
CFLAGS_USER := $(FREESTANDING) $(WARN) $(INCLUDES) -Iengine/lib -I$(GEN)
CFLAGS_HOST := -std=gnu11 -O1 -g $(REPRODUCIBLE) $(WARN) $(INCLUDES) -Iengine/lib -Itools -I$(GEN)
CXXFLAGS_HOST := -std=c++17 -O1 -g $(REPRODUCIBLE) $(WARN_CXX)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all

# --- what fragments append to ---------------------------------------------

ALL :=       # what `make` builds
GENERATED := # sources that are made, in $(GEN)
TEST_HOST := # programs that run here; see scripts/run-tests.sh for what they print
TEST_SLOW := # the same; too slow for test-quick
TEST_BOOT := # the same, and boot machines, one at a time
TEST_BUILD := # the same, and build everything again; not in test-quick
TEST_TOOLS := # what those programs need beside them
TEST_SOAK :=  # the same, for as long as they like: `make soak`

# --- the machine's tools ----------------------------------------------------

GOALS := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out hooks clean help,$(GOALS)),)
# The goals whose needs are more than the build's; anything else is the build.
TESTING := test test-quick soak mutants
NEEDS := $(sort $(if $(filter $(TESTING),$(GOALS)),test) $(filter run bench lines,$(GOALS)) \
    $(if $(filter-out $(TESTING) run bench lines hooks clean help,$(GOALS)),build))
include $(NEEDS:%=$(B)/tools/have-%-$(notdir $(CC)).mk)
$(B)/tools/have-%-$(notdir $(CC)).mk: scripts/setup.sh package-lock.json
	@CC=$(CC) scripts/setup.sh $*
	@mkdir -p $(@D) && echo '# What `make $*` needs is installed.' > $@

# Objects of two compilers in one folder would be linked with each other.
ifneq ($(filter-out lines,$(NEEDS)),)
COMPILER := $(shell mkdir -p $(B) && { [ -s $(B)/compiler ] || echo $(CC) > $(B)/compiler; \
    cat $(B)/compiler; })
ifneq ($(COMPILER),$(CC))
$(error $(B)/ was built with $(COMPILER): type `make CC=$(CC) B=build-$(notdir $(CC))`, \
    or `make clean` first)
endif
endif
endif

# --- the parts --------------------------------------------------------------

# Make expands prerequisites as it reads them, so what others need comes first: the
# schema compiler, whose products are a prerequisite in all others, then the tools.
FRAGMENTS := $(wildcard tools/capnpc-phoenix/build.mk) \
    $(sort $(filter-out tools/capnpc-phoenix/%,$(wildcard tools/*/build.mk))) \
    $(sort $(wildcard engine/*/build.mk engine/*/*/build.mk engine/*/*/*/build.mk)) \
    $(sort $(wildcard manifests/build.mk tests/*/build.mk bench/build.mk))
include $(FRAGMENTS)

# --- rules that parts share: an object is found by its path ---------------
# Generated headers come first, so that whoever includes one finds it.

# `make V=1` shows the commands.

Q := $(if $(V),,@)
define COMPILE
@$(if $(V),,echo '  compile $<';) mkdir -p $(@D)
$(Q)$(1) $(2) $(DEPEND) -c $< -o $@
endef
# In a recipe: $(call LINK_HOST,flags): objects and archives into a program of this machine.
define LINK_HOST
@$(if $(V),,echo '  link $@';) mkdir -p $(@D)
$(Q)$(HOSTCC) $(1) $(filter %.o %.a,$^) -o $@
endef

$(B)/engine/kernel/%.o: engine/kernel/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_KERNEL))
$(B)/engine/kernel/%.o: engine/kernel/%.S | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_KERNEL))
$(B)/engine/core/%.o: engine/core/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_KERNEL))
$(B)/engine/%.o: engine/%.c | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
$(B)/engine/%.o: engine/%.S | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))
# For this machine: tests with the sanitizers in host/, tools as they are in plain/.
$(B)/host/%.o: %.c | $(GENERATED)
	$(call COMPILE,$(HOSTCC),$(CFLAGS_HOST) $(SAN))
$(B)/plain/%.o: %.c | $(GENERATED)
	$(call COMPILE,$(HOSTCC),$(CFLAGS_HOST) -O2)

# Those of $(B)/mutants/ are of another tree.
-include $(shell [ ! -d $(B) ] || find $(B) -path $(B)/mutants -prune -o -name '*.d' -print)

# --- goals --------------------------------------------------------------------

.PHONY: all run test test-quick soak mutants bench lines hooks clean help

all: $(ALL)

run: $(ALL)
	@./phoenix shell

test: $(ALL) $(TEST_HOST) $(TEST_SLOW) $(TEST_BUILD) $(TEST_BOOT) $(TEST_TOOLS)
	@B=$(B) scripts/run-tests.sh --host $(TEST_HOST) $(TEST_SLOW) $(TEST_BUILD) --boot $(TEST_BOOT)

test-quick: $(ALL) $(TEST_HOST) $(TEST_TOOLS)
	@B=$(B) scripts/run-tests.sh --host $(TEST_HOST)

soak: $(ALL) $(TEST_SOAK) $(TEST_TOOLS)
	@B=$(B) PHX_TEST_TIMEOUT=7200 scripts/run-tests.sh --boot $(TEST_SOAK)

mutants: $(ALL)
	@B=$(B) tests/mutants/mutants.sh

bench: $(ALL)
	@B=$(B) bench/run.sh

lines:
	@tests=$$(find engine/kernel engine/core -name '*_test.[ch]'); \
	sources=$$(find engine/kernel engine/core -name '*.[chS]' ! -name '*_test.[ch]'); \
	count() { [ -z "$$*" ] && echo 0 || \
	    cloc --quiet --csv "$$@" | awk -F, '$$2 == "SUM" { n = $$5 } END { print n + 0 }'; }; \
	echo "kernel and core: $$(count $$sources) code lines"; \
	echo "their tests beside them: $$(count $$tests) code lines"; \
	[ ! -d $(GEN) ] || echo "generated: $$(count $$(find $(GEN) -name '*.[ch]')) code lines"

hooks:
	@scripts/pre-commit.sh --install

clean:
	rm -rf $(B)

help:
	@echo 'make             build everything into $(B)/'
	@echo 'make run         boot into the shell (Ctrl-] ends the machine)'
	@echo 'make test        run every test; ends with "N passed, N failed"'
	@echo 'make test-quick  only the tests that boot no machine'
	@echo 'make soak        run the tests that take an hour'
	@echo 'make mutants     make one thing wrong after the other: tests must notice'
	@echo 'make bench       measure'
	@echo 'make lines       count code lines of kernel and core'
	@echo 'make hooks       have git look at what is committed (scripts/pre-commit.sh)'
	@echo 'make clean       remove $(B)/'
	@echo 'make CC=clang B=build-clang    the same with clang, in a folder of its own'

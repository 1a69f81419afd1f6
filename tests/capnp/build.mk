# SPDX-License-Identifier: MIT
# Cap'n Proto's tests: against the C++ library in one process, against the tools,
# by hand-made messages, by a fuzzer; and how much of the runtime they reach.

CAPNP_GEN := $(B)/host/tests/capnp/gen
CAPNP_ALL := $(addprefix $(CAPNP_GEN)/all.,capnp.h build.h stubs.h)

$(CAPNP_ALL) &: tests/capnp/all.capnp $(CAPNPC_PHOENIX)
	@echo '  capnp $<'; mkdir -p $(CAPNP_GEN)
	$(Q)capnp compile --src-prefix=tests/capnp -o$(CAPNPC_PHOENIX):$(CAPNP_GEN) $<

# Objects here see what all.capnp becomes; C++ ones the library's headers only.
$(B)/host/tests/capnp/%.o: tests/capnp/%.c $(CAPNP_ALL) | $(GENERATED)
	$(call COMPILE,$(HOSTCC),$(CFLAGS_HOST) $(SAN) -I$(CAPNP_GEN) -Itests/harness)
$(B)/host/tests/capnp/%.o: tests/capnp/%.cc
	$(call COMPILE,$(HOSTCXX),$(CXXFLAGS_HOST) $(SAN))

CAPNP_RUNTIME := $(B)/host/engine/lib/capnp/read.o $(B)/host/engine/lib/capnp/build.o

$(B)/host/tests/capnp/peer_test: $(CAPNP_RUNTIME) \
    $(addprefix $(B)/host/tests/capnp/,peer_test.o peer.o walk.o copy.o)
	@echo '  link $@'
	$(Q)$(HOSTCXX) $(SAN) $^ -lcapnpc -lcapnp -lkj -o $@
TEST_HOST += $(B)/host/tests/capnp/peer_test

# Started hundreds of times, so without sanitizers.
CAPNP_RUNTIME_PLAIN := $(CAPNP_RUNTIME:$(B)/host/%=$(B)/plain/%)
$(B)/plain/tests/capnp/%.o: tests/capnp/%.c $(CAPNP_ALL) | $(GENERATED)
	$(call COMPILE,$(HOSTCC),$(CFLAGS_HOST) -I$(CAPNP_GEN))
$(B)/host/tests/capnp/walk_tool: $(CAPNP_RUNTIME_PLAIN) \
    $(addprefix $(B)/plain/tests/capnp/,walk_tool.o walk.o copy.o)
	$(call LINK_HOST,)
TEST_HOST += tests/capnp/tools_test.sh
tests/capnp/tools_test.sh: | $(addprefix $(B)/host/tests/capnp/,walk_tool peer_test)

$(B)/host/tests/capnp/runtime_test: $(CAPNP_RUNTIME) $(B)/host/tests/harness/main.o \
    $(addprefix $(B)/host/tests/capnp/,read_test.o build_test.o)
	$(call LINK_HOST,$(SAN))
TEST_HOST += $(B)/host/tests/capnp/runtime_test

$(B)/host/tests/capnp/walk_fuzz: tests/capnp/walk_fuzz.c tests/capnp/walk.c tests/capnp/copy.c \
    engine/lib/capnp/read.c engine/lib/capnp/build.c $(CAPNP_ALL) | $(GENERATED)
	@echo '  fuzzer $@'; mkdir -p $(@D)
	$(Q)clang $(CFLAGS_HOST) -fsanitize=fuzzer $(SAN) -I$(CAPNP_GEN) $(filter %.c,$^) -o $@
TEST_HOST += tests/capnp/fuzz_test.sh
tests/capnp/fuzz_test.sh: | $(addprefix $(B)/host/tests/capnp/,walk_fuzz peer_test)

$(B)/host/tests/capnp/stubs_test: $(B)/host/tests/harness/main.o $(B)/host/tests/capnp/stubs_test.o
	$(call LINK_HOST,$(SAN))
TEST_HOST += $(B)/host/tests/capnp/stubs_test

# A kernel of its own, whose headers hide those of schema/.
CAPNP_KERNEL := $(B)/host/tests/capnp/kernel-gen
$(CAPNP_KERNEL)/kernel_ops.h: tests/capnp/kernel/kernel.capnp schema/annotations.capnp \
    $(CAPNPC_PHOENIX)
	@echo '  capnp $<'; mkdir -p $(CAPNP_KERNEL)
	$(Q)capnp compile -Ischema --src-prefix=tests/capnp/kernel --src-prefix=schema \
	    -o$(CAPNPC_PHOENIX):$(CAPNP_KERNEL) $< schema/annotations.capnp
$(B)/host/tests/capnp/dispatch_test.o: tests/capnp/dispatch_test.c $(CAPNP_KERNEL)/kernel_ops.h
	$(call COMPILE,$(HOSTCC),-I$(CAPNP_KERNEL) $(CFLAGS_HOST) $(SAN) -Itests/harness)
$(B)/host/tests/capnp/dispatch_test: $(addprefix $(B)/host/tests/,harness/main.o \
    capnp/dispatch_test.o)
	$(call LINK_HOST,$(SAN))
TEST_HOST += $(B)/host/tests/capnp/dispatch_test

TEST_HOST += tests/capnp/refusals_test.sh
tests/capnp/refusals_test.sh: | $(CAPNPC_PHOENIX)

# gcc counts the lines, whichever compiler builds the rest.
CAPNP_COVERAGE := $(B)/coverage
CAPNP_COVERED := engine/lib/capnp/read engine/lib/capnp/build tests/capnp/walk tests/capnp/copy \
    tests/capnp/read_test tests/capnp/build_test tests/harness/main
$(CAPNP_COVERED:%=$(CAPNP_COVERAGE)/%.o): $(CAPNP_COVERAGE)/%.o: %.c $(CAPNP_ALL) | $(GENERATED)
	$(call COMPILE,gcc,$(CFLAGS_HOST) -O0 --coverage -I$(CAPNP_GEN) -Itests/harness)
$(CAPNP_COVERAGE)/tests/capnp/%.o: tests/capnp/%.cc
	$(call COMPILE,g++,$(CXXFLAGS_HOST))
$(CAPNP_COVERAGE)/runtime_test: $(patsubst %,$(CAPNP_COVERAGE)/%.o,engine/lib/capnp/read \
    engine/lib/capnp/build tests/capnp/read_test tests/capnp/build_test tests/harness/main)
	@echo '  link $@'
	$(Q)gcc --coverage $^ -o $@
$(CAPNP_COVERAGE)/peer_test: $(patsubst %,$(CAPNP_COVERAGE)/%.o,engine/lib/capnp/read \
    engine/lib/capnp/build $(addprefix tests/capnp/,walk copy peer peer_test))
	@echo '  link $@'
	$(Q)g++ --coverage $^ -lcapnpc -lcapnp -lkj -o $@
TEST_HOST += tests/capnp/coverage_test.sh
tests/capnp/coverage_test.sh: | $(addprefix $(CAPNP_COVERAGE)/,runtime_test peer_test)

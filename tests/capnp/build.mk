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

CAPNP_RUNTIME := $(B)/host/engine/core/capnp_read.o $(B)/host/engine/lib/capnp/build.o

$(B)/host/tests/capnp/peer_test: $(CAPNP_RUNTIME) \
    $(addprefix $(B)/host/tests/capnp/,peer_test.o peer.o walk.o copy.o)
	@echo '  link $@'
	$(Q)$(HOSTCXX) $(SAN) $^ -lcapnpc -lcapnp -lkj -o $@
TEST_HOST += $(B)/host/tests/capnp/peer_test

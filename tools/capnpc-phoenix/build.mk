# SPDX-License-Identifier: MIT
# The schema compiler plugin, and what it makes of schema/. All schemas go in one
# run: numbers are checked across files, and the tables are of all of them.

CAPNPC_PHOENIX := $(B)/tools/capnpc-phoenix
CAPNPC_OBJECTS := $(patsubst %.cc,$(B)/host/%.o,$(wildcard tools/capnpc-phoenix/*.cc))
SCHEMAS := $(wildcard schema/*.capnp)
SCHEMA_HEADERS := $(foreach name,$(patsubst schema/%.capnp,$(GEN)/%,$(SCHEMAS)),\
    $(name).capnp.h $(name).build.h $(name).stubs.h)
SCHEMA_TABLES := $(addprefix $(GEN)/,kernel_ops.h kernel_dispatch.inc.c error_texts.inc.c \
    interfaces.h interfaces.inc.c schema_tests.txt reference.md)
GENERATED += $(SCHEMA_HEADERS) $(SCHEMA_TABLES)

$(B)/host/tools/capnpc-phoenix/%.o: tools/capnpc-phoenix/%.cc
	@echo '  compile $<'; mkdir -p $(@D)
	$(Q)$(HOSTCXX) $(CXXFLAGS_HOST) $(DEPEND) -c $< -o $@

$(CAPNPC_PHOENIX): $(CAPNPC_OBJECTS)
	@echo '  link $@'; mkdir -p $(@D)
	$(Q)$(HOSTCXX) $^ -lcapnp -lkj -o $@

$(SCHEMA_HEADERS) $(SCHEMA_TABLES) &: $(SCHEMAS) $(CAPNPC_PHOENIX)
	@echo '  capnp schema/'; mkdir -p $(GEN)
	$(Q)capnp compile --src-prefix=schema -o$(CAPNPC_PHOENIX):$(GEN) $(SCHEMAS)

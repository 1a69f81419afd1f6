# SPDX-License-Identifier: MIT
# The benchmark programs: manifests/bench.cue boots `bench`, which starts `idle`;
# manifests/first.cue boots `first`, manifests/pair.cue `pair`. bench/run.sh runs all machines.

BENCH_PARTS := main kernel threads calls wake image handlers_asm

$(eval $(call NATIVE,bench,$(BENCH_PARTS:%=$(B)/engine/user/bench/%.o) $(PROC_OBJECTS) \
    $(B)/engine/lib/capnp/build.o))
$(eval $(call NATIVE,idle,$(B)/engine/user/bench/idle.o,-z stack-size=4096))
$(eval $(call NATIVE,pair,$(addprefix $(B)/engine/user/bench/,pair.o image.o) $(PROC_OBJECTS) \
    $(B)/engine/lib/capnp/build.o))
$(eval $(call NATIVE,first,$(B)/engine/user/bench/first.o))

$(B)/engine/user/bench/%_asm.o: engine/user/bench/%.S | $(GENERATED)
	$(call COMPILE,$(CC),$(CFLAGS_USER))

# The clock, which bench/linux.c shares.
$(B)/engine/user/bench/%.o: CFLAGS_USER += -Ibench

# SPDX-License-Identifier: MIT
# The benchmark program; manifests/bench.cue boots it as init, bench/run.sh runs it.

BENCH_OBJECTS := $(B)/engine/user/bench/bench.o $(B)/engine/user/bench/handlers.o $(PROC_OBJECTS) \
    $(B)/engine/lib/capnp/build.o

$(eval $(call NATIVE,bench,$(BENCH_OBJECTS)))

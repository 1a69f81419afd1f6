# SPDX-License-Identifier: MIT
# Linux programs for the machine and for here, with two C libraries.

LINUX_TESTS := arguments numbers files memory threads signals pipes clocks identity end
LINUX_TEST_FLAGS := -std=gnu11 -O2 -Wall -Wextra -pthread -Wno-unused-result \
    -Wno-infinite-recursion -Wno-nonnull
LINUX_TEST_PROGRAMS := $(foreach kind,glibc musl pie,$(LINUX_TESTS:%=$(B)/tests/linux/%-$(kind))) \
    $(addprefix $(B)/tests/linux/,nothing-musl root-musl calls-musl hostile-musl \
    watched-glibc)

define LINUX_TEST_COMPILE
@$(if $(V),,echo '  compile $@';) mkdir -p $(@D)
$(Q)$(1) $(2) $(LINUX_TEST_FLAGS) $< -o $@ $(3) -lm
endef
$(B)/tests/linux/%-glibc: tests/linux/%.c tests/linux/say.h
	$(call LINUX_TEST_COMPILE,gcc,-static)
$(B)/tests/linux/%-pie: tests/linux/%.c tests/linux/say.h
	$(call LINUX_TEST_COMPILE,gcc,-static-pie)
$(B)/tests/linux/%-musl: tests/linux/%.c tests/linux/say.h
	$(call LINUX_TEST_COMPILE,musl-gcc,-static)

# By its own folder: which BLAS is the machine's is its administrator's business.
OPENBLAS := openblas-pthread
$(B)/tests/linux/sgemm: tests/linux/sgemm.c
	$(call LINUX_TEST_COMPILE,gcc,-static -I/usr/include/x86_64-linux-gnu/$(OPENBLAS) \
	    -L/usr/lib/x86_64-linux-gnu/$(OPENBLAS),-lopenblas)

tests/linux/programs_test.sh: $(LINUX_TEST_PROGRAMS)
tests/linux/debian_test.sh: $(B)/tests/linux/sgemm
tests/linux/trace_test.sh: \
    $(addprefix $(B)/tests/linux/,watched-glibc signals-glibc memory-glibc pipes-glibc) ;
TEST_BOOT += tests/linux/programs_test.sh tests/linux/applets_test.sh tests/linux/debian_test.sh \
    tests/linux/trace_test.sh

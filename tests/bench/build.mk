# SPDX-License-Identifier: MIT
# The weighing plugin on the host; bench_test.sh is in bench/build.mk.

WEIGH_TEST := $(B)/host/tests/bench/weigh_test
$(B)/host/tests/bench/weigh_test.o: CFLAGS_HOST += -Itests/harness
$(WEIGH_TEST): $(WEIGH_TEST).o $(B)/host/tests/harness/main.o
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(WEIGH_TEST)

# SPDX-License-Identifier: MIT

$(B)/tests/smp/migrate: tests/smp/migrate.c
	@$(if $(V),,echo '  compile $@';) mkdir -p $(@D)
	$(Q)gcc -static -O2 -Wall -Wextra -pthread $< -o $@

tests/smp/smp_test.sh: $(B)/tests/smp/migrate
TEST_BOOT += tests/smp/smp_test.sh

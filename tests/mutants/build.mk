# SPDX-License-Identifier: MIT
# Sabotage: `make mutants` tries all patches, `make test` a few.

TEST_HOST += tests/mutants/quick_test.sh
tests/mutants/quick_test.sh: | $(addprefix $(B)/host/engine/,core/cap_test core/account_test \
    lib/elf/elf_test lib/framing/framing_test)

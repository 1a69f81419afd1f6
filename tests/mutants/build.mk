# SPDX-License-Identifier: MIT
# Sabotage: `make mutants` tries all patches, `make test` a few.

TEST_HOST += tests/mutants/quick_test.sh
tests/mutants/quick_test.sh: | $(addprefix $(B)/host/engine/core/,cap_test account_test elf_test \
    framing_test)

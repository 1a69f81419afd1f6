# SPDX-License-Identifier: MIT
# The worst use of the kernel's stack.

tests/stack/stack_test.sh: $(B)/phoenix.elf ;

TEST_HOST += tests/stack/stack_test.sh

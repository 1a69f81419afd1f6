# SPDX-License-Identifier: MIT
# Tests of the build itself and of mkmanifest.

TEST_HOST += tests/build/run_tests_test.sh tests/build/setup_test.sh tests/build/hooks_test.sh tests/build/mkmanifest_test.sh
TEST_SLOW += tests/build/mistakes_test.js
TEST_BUILD += tests/build/again_test.sh tests/build/reproducible_test.sh tests/build/clang_test.sh
tests/build/mistakes_test.js: $(MKMANIFEST) $(addprefix $(B)/boot/,init.elf ramfs.elf shell.elf libos.elf console.elf) ;

# SPDX-License-Identifier: MIT

TEST_BOOT += tests/gdb/gdb_test.sh
tests/gdb/gdb_test.sh: $(B)/phoenix.elf $(B)/system.manifest $(PHOENIX) ;

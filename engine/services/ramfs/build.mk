# SPDX-License-Identifier: MIT
# The memory file system: a pure tree, tested here, and the server around it.

RAMFS_PURE := nodes pages paths names attributes boot page_store
RAMFS_PURE_SAN := $(RAMFS_PURE:%=$(B)/san/engine/services/ramfs/%.o) \
    $(B)/san/engine/services/ramfs/fs_test_support.o

$(B)/host/engine/services/ramfs/fs_test: $(RAMFS_PURE_SAN) $(B)/san/engine/services/ramfs/fs_test.o
	@mkdir -p $(@D)
	$(HOSTCC) $(SAN) $^ -o $@
$(B)/host/engine/services/ramfs/fs_model_test: $(RAMFS_PURE_SAN) \
    $(B)/san/engine/services/ramfs/fs_model.o $(B)/san/engine/services/ramfs/fs_model_test.o
	@mkdir -p $(@D)
	$(HOSTCC) $(SAN) $^ -o $@

TEST_HOST += $(B)/host/engine/services/ramfs/fs_test $(B)/host/engine/services/ramfs/fs_model_test

# SPDX-License-Identifier: MIT
# The memory file system: a pure tree, tested here, and the server around it.

RAMFS_PURE := nodes pages paths names attributes boot page_store
RAMFS_SERVER := main load namespace files answers

$(eval $(call NATIVE,ramfs,$(RAMFS_PURE:%=$(B)/engine/services/ramfs/%.o) \
    $(RAMFS_SERVER:%=$(B)/engine/services/ramfs/%.o) $(B)/engine/lib/proc/package.o))

RAMFS_TEST := $(RAMFS_PURE:%=$(B)/host/engine/services/ramfs/%.o) \
    $(B)/host/engine/services/ramfs/fs_test_support.o

$(B)/host/engine/services/ramfs/fs_test: $(RAMFS_TEST) $(B)/host/engine/services/ramfs/fs_test.o
	$(call LINK_HOST,$(SAN))
$(B)/host/engine/services/ramfs/fs_model_test: $(filter-out %page_store.o,$(RAMFS_TEST)) \
    $(B)/host/engine/services/ramfs/fs_model.o $(B)/host/engine/services/ramfs/fs_model_test.o
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/services/ramfs/fs_test $(B)/host/engine/services/ramfs/fs_model_test

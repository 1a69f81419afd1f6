# SPDX-License-Identifier: MIT
# The shell.

SHELL_SOURCES := main run holds top tap system line words

$(eval $(call NATIVE,shell,$(SHELL_SOURCES:%=$(B)/engine/user/shell/%.o) \
    $(B)/engine/lib/proc/slot.o))

$(B)/host/engine/user/shell/line_test: $(B)/host/engine/user/shell/line_test.o \
    $(B)/host/engine/user/shell/line.o $(B)/host/engine/lib/fmt/fmt.o
	$(call LINK_HOST,$(SAN))
$(B)/host/engine/user/shell/words_test: $(B)/host/engine/user/shell/words_test.o \
    $(B)/host/engine/user/shell/words.o
	$(call LINK_HOST,$(SAN))

TEST_HOST += $(B)/host/engine/user/shell/line_test $(B)/host/engine/user/shell/words_test

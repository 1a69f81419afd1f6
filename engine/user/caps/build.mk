# SPDX-License-Identifier: MIT
# A program that shows what it was handed.

$(eval $(call NATIVE,caps,$(B)/engine/user/caps/main.o))

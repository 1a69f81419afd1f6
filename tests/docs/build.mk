# SPDX-License-Identifier: MIT
# The pages of docs/: what is copied is current, links lead somewhere, and what a text
# tells to type works.

TEST_HOST += tests/docs/pages_test.sh
tests/docs/pages_test.sh: $(GEN)/reference.md ;

tests/docs/examples_test.sh: $(ALL) ;
TEST_BOOT += tests/docs/examples_test.sh

# After a change of schema/, when pages_test.sh says so.
.PHONY: reference
reference: $(GEN)/reference.md
	cp $< docs/reference.md

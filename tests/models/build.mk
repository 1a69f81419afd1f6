# SPDX-License-Identifier: MIT
# Models of the kernel's protocols, for SPIN.

TEST_SLOW += tests/models/models_test.sh
TEST_SOAK += tests/models/models_soak.sh

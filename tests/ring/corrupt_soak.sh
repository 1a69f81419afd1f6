#!/bin/bash
# SPDX-License-Identifier: MIT
#
# corrupt_test.sh for as long as it likes.
. "$(dirname "$0")/corrupt_test.sh"

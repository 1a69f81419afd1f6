#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Pages taken away in the middle of 2,000 transfers of a device.
exec "$(dirname "$0")/devices_test.sh" 2000 "${TEST_SEED:-$RANDOM}"

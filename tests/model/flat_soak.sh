#!/bin/bash
# SPDX-License-Identifier: MIT
# With 5,000 processes and a million holds.
cd "$(dirname "$0")/../.." && FLAT=flats FLAT_SECONDS=3000 exec tests/model/flat_test.sh

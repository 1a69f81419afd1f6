#!/bin/bash
# SPDX-License-Identifier: MIT
# A million steps: three rounds of 112,000 on each number of cores.
cd "$(dirname "$0")/../.." && STORM=storms STORM_SECONDS=2000 exec tests/model/storm_test.sh

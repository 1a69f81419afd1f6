#!/bin/bash
# SPDX-License-Identifier: MIT
# A million steps on each number of cores, in three rounds.
cd "$(dirname "$0")/../.." && STORM=storms STORM_SECONDS=2000 exec tests/model/storm_test.sh

#!/bin/bash
# SPDX-License-Identifier: MIT
# A million rounds of each race.
cd "$(dirname "$0")/../.." && RACE=races RACE_SECONDS=7000 exec tests/model/race_test.sh

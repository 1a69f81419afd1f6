#!/bin/bash
# SPDX-License-Identifier: MIT
# A million random operations, and the table of their answers.
cd "$(dirname "$0")/../.." && MODEL_STEPS=${MODEL_STEPS:-1000000} exec "${B:-build}/host/tests/model/model_test"

#!/bin/bash
# SPDX-License-Identifier: MIT
# Hostile programs on the sanitized kernel.
exec "$(dirname "$0")/sanitized_test.sh" tests/hostile/hostile_test.sh

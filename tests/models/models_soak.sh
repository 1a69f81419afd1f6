#!/bin/bash
# SPDX-License-Identifier: MIT
# The models with more steps: minutes, and some gigabytes of memory.
exec "${0%/*}/models_test.sh" long

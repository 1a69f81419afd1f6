/* SPDX-License-Identifier: MIT */
/* The generated names and texts, for programs that print them. */
#include "error_texts.inc.c"

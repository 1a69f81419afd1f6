/* SPDX-License-Identifier: MIT */
/* The generated table of interfaces, for programs that print or check it. */
#include "interfaces.inc.c"

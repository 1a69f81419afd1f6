/* SPDX-License-Identifier: MIT */
/* Numbers and sizes as the command line has them. */
#ifndef PHOENIX_SIZE_H
#define PHOENIX_SIZE_H

#include <stdint.h>

/* Decimal digits; *end is what follows. Fails in the name of `option`. */
uint64_t number_parse(const char *option, const char *text, char **end);

/* The same with K, M or G behind it, at least 1 byte. */
uint64_t size_parse(const char *option, const char *text);

#endif

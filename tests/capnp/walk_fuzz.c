/* SPDX-License-Identifier: MIT */
/*
 * The reader and the builder, fed by libFuzzer: whatever the bytes are, walking
 * and copying them stays inside of its buffers, and a message that was read
 * without an error is, copied, the same message.
 */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum { ROOM = 1 << 16, LIMIT = 1 << 12 };
    struct walk_text text = { .bytes = NULL }, again = { .bytes = NULL };
    uint64_t *message = malloc(size + 8), *copy = malloc(ROOM);

    if (!message || !copy)
        abort();
    memcpy(message, bytes, size);
    enum walk_outcome outcome = walk_all(message, size, LIMIT, true, &text);
    size_t length = copy_all(message, size, LIMIT, copy, ROOM);
    if (outcome == WALK_READ && length > 0 && !text.cut) {
        if (walk_all(copy, length, 2 * LIMIT, true, &again) != WALK_READ)
            abort();
        if (!strstr(text.bytes, "?") && strcmp(text.bytes, again.bytes) != 0)
            abort();
    }
    walk_free(&text);
    walk_free(&again);
    free(message);
    free(copy);
    return 0;
}

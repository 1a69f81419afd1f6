/* SPDX-License-Identifier: MIT */
/*
 * Messages of all.capnp, one behind the other on standard input, for scripts.
 *
 * usage: walk_tool walk     a line of text for each
 *        walk_tool copy     each, read and built again
 *        walk_tool take N   the N-th (from 0), as it is
 *        walk_tool frame    a single segment without a framing, with one
 *        walk_tool judge    ok, or bad, for a single message that may be damaged;
 *                           unsure where that hangs on pointers without a
 *                           type, which `capnp` looks at now and then, and
 *                           where the message is a bomb or its end is not
 *                           there (`capnp` makes room for it first)
 */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t limit = UINT64_C(1) << 24;

static uint8_t *read_all(size_t *size)
{
    size_t room = 1 << 16;
    uint8_t *bytes = malloc(room);

    *size = 0;
    for (size_t got = 1; bytes && got > 0; *size += got) {
        if (*size == room)
            bytes = realloc(bytes, room *= 2);
        got = bytes ? fread(bytes + *size, 1, room - *size, stdin) : 0;
    }
    if (!bytes)
        abort();
    return bytes;
}

static bool walk_one(const uint8_t *bytes, size_t size)
{
    struct walk_text text = { .bytes = NULL };
    enum walk_outcome outcome = walk_all(bytes, size, limit, false, &text);

    puts(text.used ? text.bytes : "");
    walk_free(&text);
    return outcome == WALK_READ;
}

static bool copy_one(const uint8_t *bytes, size_t size)
{
    size_t room = 4 * size + 4096;
    uint8_t *copy = malloc(room);
    size_t used = copy ? copy_all(bytes, size, limit, copy, room) : 0;
    bool good = used > 0 && fwrite(copy, 1, used, stdout) == used;

    free(copy);
    return good;
}

static bool frame_one(const uint8_t *bytes, size_t size)
{
    uint32_t table[2] = { 0, (uint32_t)(size / 8) };

    return fwrite(table, sizeof(table), 1, stdout) == 1 &&
        fwrite(bytes, 1, size, stdout) == size;
}

/* Do it to every message, or to the one with this number. */
static bool each(const uint8_t *bytes, size_t size, const char *what, long only)
{
    size_t at = 0;

    for (long i = 0; at < size; i++) {
        size_t length = walk_length(bytes + at, size - at);

        if (length == 0)
            return false;
        if (strcmp(what, "walk") == 0 && !walk_one(bytes + at, length))
            return false;
        if (strcmp(what, "copy") == 0 && !copy_one(bytes + at, length))
            return false;
        if (i == only && fwrite(bytes + at, 1, length, stdout) != length)
            return false;
        at += length;
    }
    return true;
}

static const char *judge(const uint8_t *bytes, size_t size)
{
    const uint64_t few = 1 << 16; /* what is worth `capnp`'s time */
    struct walk_text text = { .bytes = NULL }, more = { .bytes = NULL };
    enum walk_outcome outcome = walk_all(bytes, size, few, false, &text);
    bool unsure = walk_all(bytes, size, few, true, &more) != outcome ||
        outcome == WALK_EXHAUSTED || walk_length(bytes, size) == 0 || (text.used && strstr(text.bytes, "thing=1"));

    walk_free(&text);
    walk_free(&more);
    return unsure ? "unsure" : outcome == WALK_READ ? "ok" : "bad";
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    size_t size;
    uint8_t *bytes = read_all(&size);
    bool good = true;

    if (strcmp(what, "judge") == 0)
        puts(judge(bytes, size));
    else if (strcmp(what, "frame") == 0)
        good = frame_one(bytes, size);
    else
        good = each(bytes, size, what, argc > 2 ? atol(argv[2]) : -1);
    free(bytes);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

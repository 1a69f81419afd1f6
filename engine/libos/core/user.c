/* SPDX-License-Identifier: MIT */
#include "user.h"

#include "bytes.h"
#include "phoenix/abi.h"

int64_t copy_string_from_user(char *to, uint64_t from, uint64_t size)
{
    uint64_t done = 0;

    while (done < size) {
        /* Never over a page's end in one copy: the string may end before it. */
        uint64_t step = PHX_PAGE_SIZE - (from + done) % PHX_PAGE_SIZE;
        size_t length;
        int64_t e;

        if (step > 256)
            step = 256;
        if (step > size - done)
            step = size - done;
        e = copy_from_user(to + done, from + done, step);
        if (e < 0)
            return e;
        for (length = 0; length < step && to[done + length] != 0;)
            length++;
        done += length;
        if (length < step)
            return (int64_t)done;
    }
    return -E_NAMETOOLONG;
}

int64_t user_touch(uint64_t address, uint64_t length, bool write)
{
    if (length == 0)
        return 0;
    for (uint64_t page = address & -(uint64_t)PHX_PAGE_SIZE; page < address + length;
         page += PHX_PAGE_SIZE) {
        void *p = user_pointer(page < address ? address : page);
        int64_t e = write ? raw_touch_write(p) : raw_touch_read(p);

        if (e < 0)
            return e;
    }
    return 0;
}

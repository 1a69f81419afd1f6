/* SPDX-License-Identifier: MIT */
/*
 * Ids that are drawn: near those it holds, or anything. Whatever is not held is refused;
 * what is held stays as it is.
 *
 * Gets  # ids refused
 */
#include "hostile.h"

#define DRAWS 60000

static bool is_held(uint64_t id)
{
    struct rt_capability capability;

    for (unsigned i = 0; rt_cap_at(i, &capability); i++)
        if (capability.id == id)
            return true;
    return false;
}

int main(void)
{
    struct rt_capability held;
    unsigned count = 0, refused = 0;

    while (rt_cap_at(count, &held))
        count++;
    for (unsigned i = 0; i < DRAWS; i++) {
        struct capability_identify_out out;
        uint64_t id = strange_word();
        int64_t result;

        rt_cap_at((unsigned)draw(count), &held);
        if (draw(2))
            id = held.id ^ UINT64_C(1) << draw(64) ^ UINT64_C(1) << draw(64);
        if (is_held(id))
            continue;
        result = capability_identify(id, &out);
        MUST(result == -PHX_INVALID_CAPABILITY || result == -PHX_PERMISSION_DENIED, "0x%lx: %s", id,
            text_of(result));
        refused++;
    }
    for (unsigned i = 0; rt_cap_at(i, &held); i++) {
        struct capability_identify_out out = {0};

        MUST(capability_identify(held.id, &out) >= 0 && out.methods == held.methods,
            "%s is not what it was", held.name);
    }
    rt_print("%u ids refused\n", refused);
    return 0;
}

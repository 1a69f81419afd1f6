/* SPDX-License-Identifier: MIT */
/* Who needs whom: the service graph. */
#include "check.h"

#include "bytes.h"

bool text_is(struct capnp_text a, struct capnp_text b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

uint32_t service_providing(struct capnp_list services, struct capnp_text name)
{
    for (uint32_t i = 0; i < services.count; i++) {
        struct capnp_list provides = service_provides(service_at(services, i));

        for (uint32_t k = 0; k < provides.count; k++)
            if (text_is(capnp_list_text(provides, k), name))
                return i;
    }
    return services.count;
}

/* Whether all that it needs has a place in the order already. */
static bool is_next(struct capnp_list services, uint32_t s, const bool placed[SERVICES_MAX])
{
    struct capnp_list grants = service_grants(service_at(services, s));

    for (uint32_t g = 0; g < grants.count; g++) {
        uint32_t needed = service_providing(services, grant_source(grant_at(grants, g)));

        if (needed < services.count && !placed[needed])
            return false;
    }
    return true;
}

uint32_t services_order(struct system_manifest_reader manifest, uint32_t order[SERVICES_MAX])
{
    struct capnp_list services = system_manifest_services(manifest);
    bool placed[SERVICES_MAX] = {false};
    uint32_t count = 0, before;

    do {
        before = count;
        for (uint32_t s = 0; s < services.count; s++)
            if (!placed[s] && is_next(services, s, placed)) {
                placed[s] = true;
                order[count++] = s;
            }
    } while (count > before && count < services.count);
    for (uint32_t s = 0; count < services.count && s < services.count; s++)
        if (!placed[s]) {
            order[count] = s;
            break;
        }
    return count;
}

/* SPDX-License-Identifier: MIT */
#include "manifest/names.h"

#include "bytes.h"
#include "kernel.capnp.h"

const struct kernel_grant kernel_grants[] = {
    {"account", IFACE_ACCOUNT, SLOT_ACCOUNT},
    {"pool", IFACE_FRAME_POOL, SLOT_POOL},
    {"console", IFACE_CONSOLE, SLOT_CONSOLE},
    {"clock", IFACE_CLOCK, SLOT_CLOCK},
    {"entropy", IFACE_ENTROPY, SLOT_ENTROPY},
    {"power", IFACE_POWER, SLOT_POWER},
    {"log", IFACE_LOG, SLOT_LOG},
    {"bootPackage", IFACE_BOOT_PACKAGE, SLOT_BOOT_PACKAGE},
    {"irq", IFACE_IRQ, 0},
    {"ioPort", IFACE_IO_PORT, 0},
    {"deviceMemory", IFACE_DEVICE_MEMORY, 0},
    {"pciFunction", IFACE_PCI_FUNCTION, 0},
    {"slots", IFACE_TIME_SLICE, 0},
    {"schedule", IFACE_SCHEDULE, 0},
    {NULL, 0, 0},
};

static bool same(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && memcmp(a, b, strlen(a)) == 0;
}

bool name_is_good(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool small = name[i] >= 'a' && name[i] <= 'z';
        bool other = (name[i] >= 'A' && name[i] <= 'Z') || (name[i] >= '0' && name[i] <= '9') ||
                     name[i] == '-' || name[i] == '_';

        if (!small && (i == 0 || !other))
            return false;
    }
    return length > 0 && length < 64;
}

bool name_is_own(const char *name)
{
    static const char *const own[] = {"process", "thread", "space", "endpoint"};

    for (unsigned i = 0; i < sizeof own / sizeof own[0]; i++)
        if (same(own[i], name))
            return true;
    return false;
}

bool has_ranges(const struct phx_interface_info *interface)
{
    static const unsigned ranged[] = {
        IFACE_IRQ, IFACE_IO_PORT, IFACE_DEVICE_MEMORY, IFACE_PCI_FUNCTION, IFACE_TIME_SLICE};

    for (unsigned i = 0; i < sizeof ranged / sizeof ranged[0]; i++)
        if (interface->number == ranged[i])
            return true;
    return false;
}

static const struct phx_interface_info *interface_by_number(unsigned number)
{
    for (unsigned i = 0; phx_interfaces[i].name != NULL; i++)
        if (phx_interfaces[i].number == number)
            return &phx_interfaces[i];
    return NULL;
}

const struct kernel_grant *kernel_grant(const char *name)
{
    for (const struct kernel_grant *grant = kernel_grants; grant->name != NULL; grant++)
        if (same(grant->name, name))
            return grant;
    return NULL;
}

const struct phx_interface_info *interface_of_grant(const char *name)
{
    const struct kernel_grant *grant = kernel_grant(name);

    return grant != NULL ? interface_by_number(grant->interface) : NULL;
}

/* A service provides an interface under its name with a small first letter. */
const struct phx_interface_info *interface_of_provided(const char *name)
{
    for (unsigned i = 0; phx_interfaces[i].name != NULL; i++) {
        const char *full = phx_interfaces[i].name;

        if (phx_interfaces[i].number >= 64 && (full[0] | 0x20) == name[0] &&
            same(full + 1, name + 1))
            return &phx_interfaces[i];
    }
    return NULL;
}

static uint64_t methods_of(const struct phx_interface_info *interface, const char *name)
{
    for (unsigned i = 0; i < interface->method_count; i++)
        if (same(interface->methods[i].name, name))
            return UINT64_C(1) << interface->methods[i].bit;
    for (unsigned i = 0; i < interface->facet_count; i++)
        if (same(interface->facets[i].name, name))
            return interface->facets[i].methods;
    return 0;
}

uint64_t methods_by_default(const struct phx_interface_info *interface)
{
    bool reaches_all = interface->number == IFACE_PCI_FUNCTION;

    return interface->all & ~(reaches_all ? PCI_FUNCTION_M_ATTACH_UNCONFINED : 0);
}

uint64_t methods_named(const struct phx_interface_info *interface, const char *name)
{
    uint64_t methods = methods_of(interface, name);

    return methods != 0 ? methods : methods_of(&phx_interfaces[0], name);
}

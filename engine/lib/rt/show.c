/* SPDX-License-Identifier: MIT */
/* What this process was handed, as text, from the generated table of interfaces. */
#include "rt/rt.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "interfaces.h"

#define INDENT 28
#define COLUMNS 80

static const struct phx_interface_info *interface_of(uint64_t number)
{
    for (unsigned i = 0; phx_interfaces[i].name != NULL; i++)
        if (phx_interfaces[i].number == number)
            return &phx_interfaces[i];
    return NULL;
}

/* One line, port, page or function, as people name them; the last of a range: `last`. */
static size_t place_text(unsigned interface, uint64_t n, bool last, char *text, size_t size)
{
    switch (interface) {
    case IFACE_IRQ: return fmt(text, size, "%lu", n);
    case IFACE_IO_PORT: return fmt(text, size, "0x%lx", n);
    case IFACE_DEVICE_MEMORY: return fmt(text, size, "0x%lx", (n << 12) + (last ? 4095 : 0));
    default: return fmt(text, size, "%02lx:%02lx.%lx", n >> 8, n >> 3 & 31, n & 7);
    }
}

size_t rt_range_text(unsigned interface, uint64_t badge, char *text, size_t size)
{
    uint64_t first = badge >> 32, count = badge & 0xffffffff;
    bool is_range = interface == IFACE_IRQ || interface == IFACE_IO_PORT ||
                    interface == IFACE_DEVICE_MEMORY || interface == IFACE_PCI_FUNCTION;
    size_t used;

    text[0] = 0;
    if (!is_range || count == 0)
        return 0;
    used = place_text(interface, first, false, text, size);
    if ((count > 1 || interface == IFACE_DEVICE_MEMORY) && used + 1 < size) {
        used += fmt(text + used, size - used, "-");
        used += place_text(interface, first + count - 1, true, text + used, size - used);
    }
    return used;
}

static size_t print_word(const char *word, size_t column)
{
    if (column + 1 + strlen(word) > COLUMNS) {
        rt_print("\n%*s", INDENT, "");
        column = INDENT;
    }
    rt_print(" %s", word);
    return column + 1 + strlen(word);
}

static size_t print_methods(
    const struct phx_interface_info *interface, uint64_t methods, size_t column)
{
    for (unsigned i = 0; i < interface->method_count; i++)
        if (methods >> interface->methods[i].bit & 1)
            column = print_word(interface->methods[i].name, column);
    return column;
}

void rt_show_authority(unsigned number, uint64_t methods, size_t column)
{
    const struct phx_interface_info *interface = interface_of(number);
    uint64_t common = methods & CAPABILITY_M_ALL;

    if (interface != NULL)
        column = print_methods(interface, methods, column);
    if (common == CAPABILITY_M_ALL)
        print_word("*", column);
    else
        print_methods(&phx_interfaces[0], common, column);
    rt_print("\n");
}

const char *rt_interface_name(unsigned number)
{
    const struct phx_interface_info *interface = interface_of(number);

    return interface != NULL ? interface->name : "?";
}

static void print_capability(const struct rt_capability *c)
{
    char range[RT_RANGE_TEXT];
    size_t used = rt_range_text(c->interface, c->badge, range, sizeof range);

    rt_print("%-12s %-15s%s%s", c->name, rt_interface_name(c->interface), used ? " " : "", range);
    rt_show_authority(c->interface, c->methods, INDENT + (used ? used + 1 : 0));
}

/* As it is now, not as it was handed over: what was revoked meanwhile is said. */
void rt_show_capabilities(void)
{
    struct rt_capability capability;

    for (unsigned i = 0; rt_cap_at(i, &capability); i++) {
        struct capability_identify_out now = {0};
        int64_t result = capability_identify(capability.id, &now);

        /* A well-known row that is empty was not granted, says the kernel. */
        if (result == -PHX_PERMISSION_DENIED && (capability.methods & CAPABILITY_M_IDENTIFY))
            result = -PHX_INVALID_CAPABILITY;
        if (result == -PHX_REVOKED || result == -PHX_INVALID_CAPABILITY) {
            rt_print("%-12s %s\n", capability.name, rt_error_text(result));
            continue;
        }
        if (result >= 0) {
            capability.methods = now.methods;
            capability.badge = now.badge;
        }
        print_capability(&capability);
    }
    rt_print("*  and what every capability can do:");
    print_methods(&phx_interfaces[0], CAPABILITY_M_ALL, INDENT + 8);
    rt_print("\n");
}

/* SPDX-License-Identifier: MIT */
/* What this process was handed, as text, from the generated table of interfaces. */
#include "rt/rt.h"

#include "bytes.h"
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
    rt_print("%-12s %-15s", c->name, rt_interface_name(c->interface));
    rt_show_authority(c->interface, c->methods, INDENT);
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
        if (result >= 0)
            capability.methods = now.methods;
        print_capability(&capability);
    }
    rt_print("*  and what every capability can do:");
    print_methods(&phx_interfaces[0], CAPABILITY_M_ALL, INDENT + 8);
    rt_print("\n");
}

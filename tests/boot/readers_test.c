/* SPDX-License-Identifier: MIT */
/* Types what readers.c asks for, and passes on what that finds. */
#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOON 60.0 /* seconds; a machine under emulation, beside other tests */

static struct machine m;

static const char *const machines[][7] = {
    {"-M", "q35", "-m", "64M", "-smp", "1", NULL}, {"-M", "q35", "-m", "64M", "-smp", "2", NULL}};

static void flood(unsigned count)
{
    char *keys = malloc(count + 1);

    for (unsigned i = 0; i < count; i++)
        keys[i] = (char)('a' + i * 7 % 26);
    keys[count] = 0;
    machine_type(&m, keys);
    free(keys);
}

/* One line that the program said; false: it says nothing more. */
static bool obey(const char *line, unsigned cores)
{
    char keys[32];
    unsigned count;

    if (sscanf(line, "flood %u", &count) == 1)
        flood(count);
    else if (sscanf(line, "type %31s", keys) == 1)
        machine_type(&m, keys);
    else if (strncmp(line, "ok readers.", 11) == 0)
        printf("ok readers.%u.%s\n", cores, line + 11);
    else if (strncmp(line, "FAIL ", 5) == 0) {
        printf("%s (%u cores)\n", line, cores);
        test_failures++;
    }
    return strcmp(line, "ok readers.all") != 0 && strncmp(line, "run: ", 5) != 0;
}

/* From the line behind the order on, each as it comes. */
static void follow(unsigned cores)
{
    char line[256];
    const char *from;

    do {
        from = m.said + m.seen;
        if (!machine_expect(&m, "\n", SOON)) {
            test_check(&m, "readers.end", false);
            return;
        }
        snprintf(line, sizeof line, "%.*s", (int)(m.said + m.seen - 1 - from), from);
    } while (obey(line, cores));
    test_check(&m, "readers.the_shell_reads_on", machine_expect(&m, "phoenix> ", SOON) &&
        strstr(machine_command(&m, "ps", SOON), " console\n") != NULL);
}

int main(void)
{
    for (unsigned i = 0; i < 2; i++) {
        machine_start(&m, "restart.manifest", machines[i]);
        machine_expect(&m, "mute: given up", SOON);
        machine_expect(&m, "\n", SOON);
        machine_type(&m, "\r");
        machine_expect(&m, "\nphoenix> ", SOON);
        machine_command(&m, "", 1.0);
        machine_type(&m, "run --with terminal,launcher,clock readers\r");
        machine_expect(&m, "readers\n", SOON);
        follow(i + 1);
        machine_end(&m, 0);
    }
    return test_failures != 0;
}

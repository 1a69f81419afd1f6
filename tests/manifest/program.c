/* SPDX-License-Identifier: MIT */
/* What runs where a manifest is damaged and accepted: it says what it was given. */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char line[64] = "", folder[256] = "";
    FILE *f = fopen("/link", "r");

    if (f == NULL || fgets(line, sizeof line, f) == NULL)
        snprintf(line, sizeof line, "no file\n");
    for (int i = 0; i < argc; i++)
        printf("<%s> ", argv[i]);
    printf("in %s: %s", getcwd(folder, sizeof folder) != NULL ? folder : "nowhere", line);
    return 42;
}

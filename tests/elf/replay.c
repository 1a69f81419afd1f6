/* SPDX-License-Identifier: MIT */
/* What a fuzzer has found, once more without it: each file of a folder is one input. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *name)
{
    FILE *file = fopen(name, "rb");
    uint8_t *data = malloc(1 << 16);
    size_t size;

    if (!file || !data) {
        perror(name);
        exit(1);
    }
    size = fread(data, 1, 1 << 16, file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    fclose(file);
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 && chdir(argv[1]) == 0 ? opendir(".") : NULL;

    if (!folder) {
        fprintf(stderr, "usage: replay FOLDER\n");
        return 2;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            replay(entry->d_name);
    closedir(folder);
    return 0;
}

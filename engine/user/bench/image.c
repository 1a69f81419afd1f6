/* SPDX-License-Identifier: MIT */
#include "bench.h"
#include "proc/package.h"

struct proc_image bench_image(const char *name)
{
    static struct package package;
    static bool open;
    struct proc_image image = {0};
    const char *problem = open ? NULL : package_open(&package, rt_cap("bootPackage"));

    open = true;
    if (problem == NULL)
        problem = package_image(&package, name, &image);
    if (problem != NULL)
        rt_panic("%s: %s", name, problem);
    return image;
}

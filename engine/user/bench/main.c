/* SPDX-License-Identifier: MIT */
/*
 * Guest instructions per operation, as docs/PERFORMANCE.md defines them.
 *
 * Runs as the init of manifests/bench.cue under `-icount shift=0`, where one tick of
 * the TSC is one instruction. Prints one line a figure: name, tab, value, tab, unit.
 * The other side of a call is this same program in a process of its own.
 */
#include "bench.h"

int main(int argc, char **argv)
{
    if (argc > 1)
        bench_serve(argv[1]);
    bench_kernel();
    bench_threads();
    bench_calls();
    bench_wakes();
    bench_revoke();
    power_shutdown(rt_cap("power"), 0);
    return 0;
}

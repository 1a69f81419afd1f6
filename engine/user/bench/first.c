/* SPDX-License-Identifier: MIT */
/*
 * The first line of a user program, and how many instructions the machine had
 * executed by then, firmware included: under `-icount` the TSC counts them from reset.
 */
#include "bench.h"

int main(void)
{
    rt_print("hello\n");
    bench_report("boot_insn", bench_stamp());
    power_shutdown(rt_cap("power"), 0);
    return 0;
}

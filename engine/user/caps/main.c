/* SPDX-License-Identifier: MIT */
/*
 * caps: a native program that says what it was handed, and does nothing else. So
 * `run --with clock caps` shows what a program that was started so can touch.
 */
#include "rt/rt.h"

int main(void)
{
    rt_show_capabilities();
    return 0;
}

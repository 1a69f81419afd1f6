/* SPDX-License-Identifier: MIT */
/*
 * An upcall handler whose first instruction faults: four frames deep, and then it is
 * over.
 *
 * Gets  process #: page fault at 0x601000 (rip 0x601000) and no way to tell it
 *       run: fault_in_handler: signal 11 at address 0x601000
 */
#include "hostile.h"

int main(void)
{
    struct phx_thread_page *page = (struct phx_thread_page *)PHX_NATIVE_THREAD_PAGE;

    page->entry = 0x601000; /* nothing is there */
    page->disabled = 0;
    page->stack = (uint64_t)page;
    __asm__ volatile("ud2");
    wrong("the handler came back");
}

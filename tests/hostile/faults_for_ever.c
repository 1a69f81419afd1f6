/* SPDX-License-Identifier: MIT */
/*
 * An upcall handler that says each time that nothing was pushed, and faults again: it
 * faults for ever, as an endless loop would, and is ended from outside.
 *
 * Keys  ^C
 * Gets  run: faults_for_ever: interrupted
 */
#include "hostile.h"

/* rdx is the thread page. */
void faults_entry(void);
__asm__("faults_entry:\n\t"
        "movl $0, 20(%rdx)\n\t" /* depth */
        "movb $1, 0\n\t"
        "ud2");

int main(void)
{
    struct phx_thread_page *page = (struct phx_thread_page *)PHX_NATIVE_THREAD_PAGE;

    page->entry = (uint64_t)faults_entry;
    rt_print("begun\n");
    __asm__ volatile("ud2");
    wrong("the handler came back");
}

/* SPDX-License-Identifier: MIT */
/*
 * Children that run, until the account refuses: each calls the kernel for ever. Then the
 * account is destroyed with all of them in it, and has nothing left.
 *
 * With  account,clock
 * Gets  more than 20 children, then: the account's limit is reached
 *       # pages used after
 */
#include "hostile.h"

/* mov $yield, %eax; mov slot 2, %rdi; syscall; jmp there again: it holds nothing, so
 * each is refused. */
static const uint8_t code[] = {0xb8, 0x02, 0x02, 0x01, 0x00, 0x48, 0xbf, 0x02, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xeb, 0xed};

int main(void)
{
    uint64_t account = budget(2000, 1000, 100), end;
    struct child child;
    unsigned made = 0;
    int64_t result;

    while ((result = child_start(account, code, sizeof code, &child)) >= 0)
        made++;
    rt_print("%s than 20 children, then: %s\n", made > 20 ? "more" : "fewer", text_of(result));
    MUST(account_destroy(account) >= 0, "destroy");
    end = now() + UINT64_C(10000000000);
    while (used(account, RESOURCE_PAGES) > 0 && now() < end)
        thread_control_yield(RT_THREAD);
    rt_print("%lu pages used after\n", used(account, RESOURCE_PAGES));
    return 0;
}

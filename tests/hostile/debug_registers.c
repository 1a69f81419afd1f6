/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes every debug register: breakpoints could be set in the kernel.
 *
 * Gets  32 refused
 */
#include "hostile.h"

int main(void)
{
    unsigned refused = 0;

    for (unsigned write = 0; write < 2; write++)
        for (unsigned number = 0; number < 16; number++) {
            const uint8_t code[] = {0x40 | (number >= 8) << 2, 0x0f, 0x21 + 2 * (uint8_t)write,
                (uint8_t)(0xc0 | (number & 7) << 3)};
            struct trap t = attempt_bytes(code, sizeof code);

            MUST(t.kind == PHX_UPCALL_EXCEPTION && (t.vector == 13 || t.vector == 6),
                "dr%u, write %u: kind %lu vector %lu", number, write, t.kind, t.vector);
            refused++;
        }
    rt_print("%u refused\n", refused);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Every operation word there is, of one capability. */
#include "hostile.h"

#define UNALIGNED 3 /* ENTER1's capability is an address */

/* The libnyx numbers that mean a method of the kernel (schema/kernel.capnp). */
static const uint8_t numbers[] = {0, 1, 6, 7, 8, 9, 10, 15, 16, 17, 18, 19, 21, 32, 33, 34, 35, 48,
    49, 64, 65, 66, 67, 68, 81, 83, 240, 241, 254, 255};

static bool is_number(unsigned number)
{
    for (unsigned i = 0; i < COUNT(numbers); i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static void make(uint64_t op, uint64_t cap, int64_t error, int64_t other)
{
    static const uint64_t none[PHX_WORDS];
    int64_t result = operation(op, cap, none);

    MUST(result == error || (other != 0 && result == other), "operation 0x%lx of 0x%lx: %s, not %s",
        op, cap, text_of(result), text_of(error));
}

static unsigned each_transport(uint64_t cap, int64_t error, int64_t other)
{
    unsigned made = 0;

    for (unsigned number = 0; number < 256; number++)
        for (unsigned method = 0; method < 256; method++) {
            uint64_t op = PHX_OP((uint64_t)PHX_KIND_TRANSPORT, number, method, 0);

            made++;
            if (number == PHX_T_NOP)
                make(op, cap, 0, 0);
            else if (method > (number == PHX_T_SEND ? 55 : 63) &&
                     (number == PHX_T_CALL || number == PHX_T_SEND))
                make(op, cap, -PHX_INVALID_ARGUMENT, 0);
            else if (number == PHX_T_ENTER1)
                make(op, UNALIGNED, -PHX_INVALID_ARGUMENT, 0);
            else if (number == PHX_T_RELEASE)
                made--;
            else if (number >= PHX_T_CALL && number <= PHX_T_WAIT)
                make(op, cap, error, other);
            else
                make(op, cap, -PHX_INVALID_SYSCALL, 0);
        }
    return made;
}

static unsigned each_number(uint64_t cap, int64_t error, int64_t other)
{
    for (unsigned number = 0; number < 256; number++)
        if (is_number(number))
            make(PHX_OP_NYX((uint64_t)number), cap, error, other);
        else
            make(PHX_OP_NYX((uint64_t)number), cap, -PHX_INVALID_SYSCALL, 0);
    return 256;
}

static unsigned each_unknown_kind(uint64_t cap)
{
    unsigned made = 0;

    for (unsigned kind = 0; kind < 256; kind++)
        for (unsigned number = 0; number < 256; number++) {
            if (kind == PHX_KIND_NYX || kind == PHX_KIND_TRANSPORT)
                continue;
            make(PHX_OP((uint64_t)kind, number, 0, 0), cap, -PHX_INVALID_SYSCALL, 0);
            made++;
        }
    return made;
}

/* Each flag, on operations that would be good without it. */
static unsigned each_flag(uint64_t cap)
{
    for (unsigned bit = PHX_OP_FLAGS_SHIFT; bit < 64; bit++) {
        make(PHX_OP_NOP | UINT64_C(1) << bit, cap, -PHX_INVALID_ARGUMENT, 0);
        make(PHX_OP_CALL(CAPABILITY_IDENTIFY, 0) | UINT64_C(1) << bit, cap, -PHX_INVALID_ARGUMENT,
            0);
    }
    return 2 * (64 - PHX_OP_FLAGS_SHIFT);
}

unsigned each_operation(uint64_t cap, int64_t error, int64_t other, int64_t release)
{
    unsigned made = each_transport(cap, error, other) + each_number(cap, error, other) +
                    each_unknown_kind(cap) + each_flag(cap);

    make(PHX_OP_RELEASE, cap, release, other);
    return made + 1;
}

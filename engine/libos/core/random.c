/* SPDX-License-Identifier: MIT */
#include "random.h"

#include "chacha/chacha.h"
#include "kernel.h"
#include "kernel.stubs.h"
#include "lock.h"
#include "user.h"

static struct rng rng;
static bool begun;
static struct lock lock;

static int64_t some(uint64_t address, uint64_t length)
{
    uint64_t fresh[4];
    uint8_t bytes[512];

    lock_take(&lock);
    uint64_t size = begun ? sizeof *fresh : sizeof fresh;
    int64_t e = error_of(entropy_fill(caps.entropy, (uint64_t)fresh, size), 0);
    if (e == 0) {
        rng_mix(&rng, fresh, size);
        rng_bytes(&rng, bytes, length);
        begun = true;
    }
    lock_release(&lock);
    return e < 0 ? e : copy_to_user(address, bytes, length);
}

int64_t random_fill(uint64_t address, uint64_t length)
{
    uint64_t done = 0;

    if (caps.entropy == 0)
        return -E_PERM;
    while (done < length) {
        uint64_t n = length - done < 512 ? length - done : 512;
        int64_t e = some(address + done, n);

        if (e < 0)
            return done == 0 ? e : (int64_t)done;
        done += n;
    }
    return (int64_t)done;
}

/* SPDX-License-Identifier: MIT */
/*
 * Wrongs that the sanitizers have to find: linked into images of their own, compiled as
 * the kernel is. The command line says which (`plant=NAME`). Most are done at boot;
 * `watch` is one that programs have to come by: what is to be signalled is not counted.
 */
#include "thread.h"

#include "init.h"

static volatile uint64_t four = 4;
static uint64_t global[4];

/* Through pointers of which the compiler knows nothing, so that the shadow has to. */
static __attribute__((noinline)) uint64_t plant_global(void)
{
    const uint64_t *volatile at = global;

    return at[four];
}

static __attribute__((noinline)) uint64_t plant_stack(void)
{
    uint8_t bytes[13] = { 0 };
    const uint8_t *volatile at = bytes;

    return at[four + 9];
}

static struct notification *object(void)
{
    struct notification *made;

    if (object_new(&kernel.root, KIND_ENDPOINT, &made) != OK)
        panic("no memory for what was planted");
    return made;
}

static __attribute__((noinline)) uint64_t plant_object(void)
{
    struct notification *first = object(), *second = object();

    object_free(first);
    return first->bits + second->bits;
}

static __attribute__((noinline)) uint64_t plant_twice(void)
{
    struct notification *first = object(), *second = object();

    object_free(first);
    object_free(first);
    return second->bits;
}

static __attribute__((noinline)) uint64_t plant_gap(void)
{
    const uint64_t *volatile at = (const uint64_t *)(const void *)object();

    return at[kernel.memory.size[KIND_ENDPOINT] / 8 - 1];
}

static __attribute__((noinline)) uint64_t plant_page(void)
{
    uint64_t *page;

    if (account_zero_page(&kernel.root, &page) != OK)
        panic("no memory for what was planted");
    account_give_pages(&kernel.root, page, 1);
    return page[four];
}

static __attribute__((noinline)) uint64_t plant_copy(void)
{
    uint64_t to[4];

    memcpy(to, global, sizeof global + four);
    return to[four - 1];
}

static __attribute__((noinline)) uint64_t plant_user(void)
{
    return *(volatile uint64_t *)(four << 20);
}

static __attribute__((noinline)) uint64_t plant_shift(void)
{
    return 1u << (four * 8);
}

static __attribute__((noinline)) uint64_t plant_add(void)
{
    return (uint64_t)(INT32_MAX - 3 + (int)four);
}

static __attribute__((noinline)) uint64_t plant_index(void)
{
    volatile uint8_t bytes[3] = { 0 };

    return bytes[four];
}

void __real_init_start(unsigned cores);
void __wrap_init_start(unsigned cores);
void __wrap_init_start(unsigned cores)
{
    static const struct {
        const char *word;
        uint64_t (*plant)(void);
    } plants[] = {
        { "plant=global", plant_global },       { "plant=stack", plant_stack },
        { "plant=object", plant_object },       { "plant=twice", plant_twice },
        { "plant=gap", plant_gap },             { "plant=page", plant_page },
        { "plant=copy", plant_copy },           { "plant=user", plant_user },
        { "plant=shift", plant_shift },         { "plant=add", plant_add },
        { "plant=index", plant_index },
    };

    for (unsigned i = 0; i < sizeof plants / sizeof *plants; i++)
        if (boot_has_word(kernel.boot->command_line, plants[i].word))
            panic("nobody noticed: %lu", plants[i].plant());
    __real_init_start(cores);
}

err_t __real_watch_set(struct watch *w, struct thread *t, uint64_t id, uint64_t bits);
err_t __wrap_watch_set(struct watch *w, struct thread *t, uint64_t id, uint64_t bits);
err_t __wrap_watch_set(struct watch *w, struct thread *t, uint64_t id, uint64_t bits)
{
    err_t err = __real_watch_set(w, t, id, bits);

    if (err == OK && boot_has_word(kernel.boot->command_line, "plant=watch"))
        w->notification.object->refs--;
    return err;
}

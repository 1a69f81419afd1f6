/* SPDX-License-Identifier: MIT */
#include "page_store.h"

#include "bytes.h"
#include "fs.h"

#define RUN_BYTES ((size_t)STORE_RUN_PAGES * FS_PAGE)
#define ALL_USED 0xffff

void page_store_init(struct page_store *store, void *base)
{
    memset(store, 0, sizeof *store);
    store->base = base;
}

static void list_push(struct page_store *store, uint32_t *head, uint32_t number)
{
    struct store_run *run = &store->runs[number - 1];

    run->previous = 0;
    run->next = *head;
    if (*head != 0)
        store->runs[*head - 1].previous = number;
    *head = number;
}

static void list_take(struct page_store *store, uint32_t *head, uint32_t number)
{
    struct store_run *run = &store->runs[number - 1];

    if (run->previous != 0)
        store->runs[run->previous - 1].next = run->next;
    else
        *head = run->next;
    if (run->next != 0)
        store->runs[run->next - 1].previous = run->previous;
}

static uint8_t *run_address(const struct page_store *store, uint32_t number)
{
    return store->base + (size_t)(number - 1) * RUN_BYTES;
}

static bool more_runs(struct page_store *store)
{
    uint32_t capacity = store->run_capacity ? 2 * store->run_capacity : 64;
    struct store_run *runs;

    if (store->run_count < store->run_capacity)
        return true;
    runs = fs_memory_new(capacity * sizeof *runs);
    if (runs == NULL)
        return false;
    if (store->run_count > 0)
        memcpy(runs, store->runs, store->run_count * sizeof *runs);
    fs_memory_free(store->runs);
    store->runs = runs;
    store->run_capacity = capacity;
    return true;
}

/* A mapped run, put on the partial list. */
static bool run_open(struct page_store *store)
{
    uint32_t number = store->free;

    if (number == 0) {
        if (!more_runs(store))
            return false;
        number = store->run_count + 1;
    }
    if (!store_map(run_address(store, number), STORE_RUN_PAGES))
        return false;
    if (number == store->free)
        list_take(store, &store->free, number);
    else
        store->run_count++;
    store->runs[number - 1] = (struct store_run){0};
    list_push(store, &store->partial, number);
    store->empty++;
    return true;
}

static void run_close(struct page_store *store, uint32_t number)
{
    list_take(store, &store->partial, number);
    store_unmap(run_address(store, number), STORE_RUN_PAGES);
    list_push(store, &store->free, number);
    store->empty--;
}

void *page_store_new(struct page_store *store)
{
    struct store_run *run;
    unsigned bit;
    uint8_t *page;

    if (store->partial == 0 && !run_open(store))
        return NULL;
    run = &store->runs[store->partial - 1];
    bit = (unsigned)__builtin_ctz(~(unsigned)run->used);
    page = run_address(store, store->partial) + bit * (size_t)FS_PAGE;
    if (run->dirty >> bit & 1)
        memset(page, 0, FS_PAGE);
    store->empty -= run->used == 0;
    run->used |= (uint16_t)(1u << bit);
    run->dirty |= (uint16_t)(1u << bit);
    if (run->used == ALL_USED)
        list_take(store, &store->partial, store->partial);
    return page;
}

void page_store_free(struct page_store *store, void *page)
{
    size_t at = (size_t)((uint8_t *)page - store->base) / FS_PAGE;
    uint32_t number = (uint32_t)(at / STORE_RUN_PAGES) + 1;
    struct store_run *run = &store->runs[number - 1];

    if (run->used == ALL_USED)
        list_push(store, &store->partial, number);
    run->used &= (uint16_t) ~(1u << at % STORE_RUN_PAGES);
    if (run->used != 0)
        return;
    store->empty++;
    if (store->empty > 1)
        run_close(store, number);
}

void page_store_trim(struct page_store *store)
{
    for (uint32_t number = store->partial; number != 0 && store->empty > 0;) {
        uint32_t next = store->runs[number - 1].next;

        if (store->runs[number - 1].used == 0)
            run_close(store, number);
        number = next;
    }
}

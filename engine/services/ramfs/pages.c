/* SPDX-License-Identifier: MIT */
/*
 * A file's bytes: boot bytes, and over them pages that were written since.
 *
 * A page is looked up in an index that grows upward, like a radix tree: height h
 * covers 512^h pages, and a missing branch is a hole. So a file of one byte at
 * 100 GB costs a page and a few index pages, all of them counted.
 */
#include "fs.h"

#include "bytes.h"

#define WAYS 512
#define WAY_BITS 9

static uint64_t covered(unsigned height)
{
    return UINT64_C(1) << WAY_BITS * height;
}

static void **slots(void *index)
{
    return index;
}

void *fs_pages_get(const struct fs_pages *pages, uint64_t number)
{
    void *at = pages->root;

    if (number >= covered(pages->height))
        return NULL;
    for (unsigned height = pages->height; height > 0 && at != NULL; height--)
        at = slots(at)[number >> WAY_BITS * (height - 1) & (WAYS - 1)];
    return at;
}

static void *page_take(struct fs *fs, struct fs_node *node, int *error)
{
    void *page;

    if (!fs_charge(fs, FS_PAGE)) {
        *error = LX_ENOSPC;
        return NULL;
    }
    page = fs_page_new();
    if (page == NULL) {
        fs_uncharge(fs, FS_PAGE);
        *error = LX_ENOMEM;
        return NULL;
    }
    node->file.copied++;
    return page;
}

static void page_give(struct fs *fs, struct fs_node *node, void *page)
{
    fs_page_free(page);
    fs_uncharge(fs, FS_PAGE);
    node->file.copied--;
}

/* Index pages that turn out unneeded stay until the file is cut or removed. */
int fs_pages_put(struct fs *fs, struct fs_node *node, uint64_t number, void *page)
{
    struct fs_pages *pages = &node->file.pages;
    void **slot;
    int error = 0;

    while (number >= covered(pages->height)) {
        if (pages->root != NULL) {
            void *index = page_take(fs, node, &error);

            if (index == NULL)
                return error;
            slots(index)[0] = pages->root;
            pages->root = index;
        }
        pages->height++;
    }
    slot = &pages->root;
    for (unsigned height = pages->height; height > 0; height--) {
        if (*slot == NULL) {
            *slot = page_take(fs, node, &error);
            if (*slot == NULL)
                return error;
        }
        slot = &slots(*slot)[number >> WAY_BITS * (height - 1) & (WAYS - 1)];
    }
    *slot = page;
    return 0;
}

/* Pages from `first` on (counted from where this branch begins); true: all gone. */
static bool branch_cut(
    struct fs *fs, struct fs_node *node, void *branch, unsigned height, uint64_t first)
{
    bool empty = first == 0;

    if (height > 0) {
        uint64_t each = covered(height - 1);

        empty = true;
        for (uint64_t i = 0; i < WAYS; i++) {
            void *below = slots(branch)[i];

            if (below == NULL)
                continue;
            if (first < (i + 1) * each &&
                branch_cut(fs, node, below, height - 1, first > i * each ? first - i * each : 0))
                slots(branch)[i] = NULL;
            else
                empty = false;
        }
    }
    if (empty)
        page_give(fs, node, branch);
    return empty;
}

void fs_pages_cut(struct fs *fs, struct fs_node *node, uint64_t first)
{
    struct fs_pages *pages = &node->file.pages;

    if (pages->root != NULL && first < covered(pages->height) &&
        branch_cut(fs, node, pages->root, pages->height, first))
        pages->root = NULL;
    if (pages->root == NULL)
        pages->height = 0;
}

static size_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The boot bytes from `offset` on, which is below boot_size; *length becomes as many of
 * them as lie together. NULL: as many are a hole. */
static const uint8_t *boot_run(const struct fs_node *node, uint64_t offset, size_t *length)
{
    const struct fs_extent *extent = node->file.extents;
    uint32_t low = 0, high = node->file.extent_count;

    *length = smaller(node->file.boot_size - offset, *length);
    if (extent == NULL)
        return node->file.boot_bytes + offset;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (extent[middle].offset + extent[middle].size <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == node->file.extent_count)
        return NULL;
    extent += low;
    if (offset < extent->offset) {
        *length = smaller(extent->offset - offset, *length);
        return NULL;
    }
    *length = smaller(extent->offset + extent->size - offset, *length);
    return extent->bytes + (offset - extent->offset);
}

/* What the boot bytes have of [offset, offset + length), zeroes for the rest. */
static void copy_boot(const struct fs_node *node, uint64_t offset, size_t length, uint8_t *to)
{
    size_t run;

    for (; length > 0 && offset < node->file.boot_size; offset += run, to += run, length -= run) {
        const uint8_t *bytes;

        run = length;
        bytes = boot_run(node, offset, &run);
        if (bytes != NULL)
            memcpy(to, bytes, run);
        else
            memset(to, 0, run);
    }
    memset(to, 0, length);
}

/* A byte range that lies within one page. */
static void copy_piece(const struct fs_node *node, uint64_t offset, size_t length, uint8_t *to)
{
    const uint8_t *page = fs_pages_get(&node->file.pages, offset / FS_PAGE);

    if (page != NULL)
        memcpy(to, page + offset % FS_PAGE, length);
    else
        copy_boot(node, offset, length, to);
}

int fs_read(const struct fs_node *node, uint64_t offset, size_t length, uint8_t buffer[FS_PAGE],
    const uint8_t **bytes, size_t *got)
{
    size_t first, run;

    *bytes = buffer;
    *got = 0;
    if (fs_is_directory(node))
        return LX_EISDIR;
    if (!fs_is_regular(node))
        return LX_EINVAL;
    if (offset >= node->size)
        return 0;
    length = smaller(smaller(length, FS_PAGE), node->size - offset);
    *got = length;
    run = length;
    if (node->file.pages.root == NULL && offset < node->file.boot_size) {
        *bytes = boot_run(node, offset, &run);
        if (*bytes != NULL && run == length)
            return 0;
        *bytes = buffer;
    }
    first = smaller(length, FS_PAGE - offset % FS_PAGE);
    copy_piece(node, offset, first, buffer);
    if (first < length)
        copy_piece(node, offset + first, length - first, buffer + first);
    return 0;
}

/* The page with that number, to be written to; made if it is not there. */
static int page_to_write(struct fs *fs, struct fs_node *node, uint64_t number, uint8_t **page)
{
    int error = 0;

    *page = fs_pages_get(&node->file.pages, number);
    if (*page != NULL)
        return 0;
    *page = page_take(fs, node, &error);
    if (*page == NULL)
        return error;
    error = fs_pages_put(fs, node, number, *page);
    if (error != 0) {
        page_give(fs, node, *page);
        return error;
    }
    copy_boot(node, number * FS_PAGE, FS_PAGE, *page);
    return 0;
}

int fs_write(struct fs *fs, struct fs_node *node, uint64_t offset, const uint8_t *bytes,
    size_t length, size_t *written)
{
    *written = 0;
    if (fs_is_directory(node))
        return LX_EISDIR;
    if (!fs_is_regular(node))
        return LX_EINVAL;
    if (length > FS_PAGE)
        length = FS_PAGE;
    if (fs->limit == 0)
        return LX_EROFS;
    if (offset > FS_SIZE_MAX || length > FS_SIZE_MAX - offset)
        return LX_EFBIG;
    while (*written < length) {
        uint64_t at = offset + *written;
        size_t piece = smaller(length - *written, FS_PAGE - at % FS_PAGE);
        uint8_t *page;
        int error = page_to_write(fs, node, at / FS_PAGE, &page);

        if (error != 0 && *written == 0)
            return error;
        if (error != 0)
            break;
        memcpy(page + at % FS_PAGE, bytes + *written, piece);
        *written += piece;
        if (at + piece > node->size)
            node->size = at + piece;
    }
    if (length > 0)
        node->mtime = node->ctime = fs_now();
    return 0;
}

int fs_resize(struct fs *fs, struct fs_node *node, uint64_t size)
{
    if (fs_is_directory(node))
        return LX_EISDIR;
    if (!fs_is_regular(node))
        return LX_EINVAL;
    if (fs->limit == 0)
        return LX_EROFS;
    if (size > FS_SIZE_MAX)
        return LX_EFBIG;
    if (size < node->size) {
        uint8_t *last = fs_pages_get(&node->file.pages, size / FS_PAGE);

        /* What is cut off must read as zeroes if the file grows again. */
        if (size % FS_PAGE != 0 && last != NULL)
            memset(last + size % FS_PAGE, 0, FS_PAGE - size % FS_PAGE);
        fs_pages_cut(fs, node, (size + FS_PAGE - 1) / FS_PAGE);
        if (node->file.boot_size > size)
            node->file.boot_size = size;
    }
    node->size = size;
    node->mtime = node->ctime = fs_now();
    return 0;
}

const uint8_t *fs_boot_bytes(const struct fs_node *node)
{
    if (!fs_is_regular(node) || node->file.extents != NULL || node->file.pages.root != NULL ||
        node->size == 0 || node->file.boot_size != node->size)
        return NULL;
    return node->file.boot_bytes;
}

static uint64_t pages_for(uint64_t bytes)
{
    return (bytes + FS_PAGE - 1) / FS_PAGE;
}

/* Of a file with holes: boot pages that are still to be seen, of which none was written. */
static uint64_t extent_pages(const struct fs_node *node)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < node->file.extent_count; i++) {
        const struct fs_extent *extent = &node->file.extents[i];
        uint64_t pages = 0;

        if (extent->offset < node->file.boot_size)
            pages = pages_for(smaller(extent->size, node->file.boot_size - extent->offset));
        count += pages;
        for (uint64_t n = 0; n < pages && node->file.pages.root != NULL; n++)
            count -= fs_pages_get(&node->file.pages, extent->offset / FS_PAGE + n) != NULL;
    }
    return count;
}

uint64_t fs_blocks(const struct fs_node *node)
{
    uint64_t pages;

    if (!fs_is_regular(node))
        return 0;
    if (node->file.extents != NULL)
        return (extent_pages(node) + node->file.copied) * (FS_PAGE / 512);
    pages = pages_for(node->file.boot_size);
    return (pages > node->file.copied ? pages : node->file.copied) * (FS_PAGE / 512);
}

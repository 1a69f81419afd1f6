/* SPDX-License-Identifier: MIT */
/*
 * What no model shows: boot files under their changes, limits to the byte, holes,
 * paths that must not leave, failing allocations, and memory that is given back.
 */
#include "fs.h"

#include "fs_test.h"
#include "page_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fs fs;

static struct fs_path at(const char *text)
{
    return (struct fs_path){text, strlen(text)};
}

static bool ok(void)
{
    return test_fs_ok(&fs, NULL, 0);
}

static int open_at(const char *path, uint64_t flags, struct fs_node **node)
{
    char opened[LX_PATH_MAX];
    size_t length;

    return fs_open(&fs, at(path), flags, 0644, true, node, opened, &length);
}

static int write_at(struct fs_node *node, uint64_t offset, const char *text)
{
    size_t written;
    int error = fs_write(&fs, node, offset, (const uint8_t *)text, strlen(text), &written);

    return error == 0 && written != strlen(text) ? LX_ENOSPC : error;
}

static bool reads(const struct fs_node *node, uint64_t offset, size_t length, const void *wanted)
{
    uint8_t buffer[FS_PAGE];
    const uint8_t *bytes;
    size_t got;

    return fs_read(node, offset, length, buffer, &bytes, &got) == 0 && got == length &&
           memcmp(bytes, wanted, length) == 0;
}

static uint8_t boot_bytes[3 * FS_PAGE + 100];

/* A tree with /etc/file, bytes of the boot module. */
static struct fs_node *boot_tree(uint64_t limit)
{
    struct fs_node *directory, *file;

    for (size_t i = 0; i < sizeof boot_bytes; i++)
        boot_bytes[i] = (uint8_t)(i * 31 + i / 4096);
    fs_init(&fs, limit);
    fs_boot_directory(&fs, at("/etc"), &directory);
    file = fs_boot_node(&fs, LX_S_IFREG | 0644);
    file->file.boot_bytes = boot_bytes;
    file->file.boot_size = file->size = sizeof boot_bytes;
    fs_boot_name(&fs, directory, at("file"), file);
    return file;
}

static void boot_files_change_only_in_memory(void)
{
    uint8_t copy[sizeof boot_bytes];
    struct fs_node *file = boot_tree(1 << 20), *again;
    bool good = fs_boot_bytes(file) == boot_bytes && fs.used == 0;

    memcpy(copy, boot_bytes, sizeof copy);
    good = good && open_at("/etc/file", LX_O_RDWR, &again) == 0 && again == file;
    good = good && write_at(file, 5000, "changed") == 0 && fs_boot_bytes(file) == NULL && ok();
    good = good && reads(file, 5000, 7, "changed") && reads(file, 0, 4096, copy) &&
           reads(file, 5007, 4096, copy + 5007) && reads(file, 12288, 100, copy + 12288);
    /* Cut inside boot bytes and grow again: what was cut off is gone. */
    good = good && fs_resize(&fs, file, 9000) == 0 && fs_resize(&fs, file, 20000) == 0 && ok();
    good = good && reads(file, 8900, 100, copy + 8900) && reads(file, 9000, 4, "\0\0\0\0") &&
           reads(file, 12290, 4, "\0\0\0\0");
    good = good && fs_remove(&fs, at("/etc/file"), false) == 0 &&
           fs_find(&fs, at("/etc/file"), true, &again) == LX_ENOENT;
    fs_close(&fs, file);
    good = good && ok() && memcmp(copy, boot_bytes, sizeof copy) == 0;
    fs_fini(&fs);
    test_check("ramfs.boot_files_change_only_in_memory",
        good && test_outstanding == 0 && fs.used == 0, "");
}

/* Of boot_bytes page 0 lies at page 1 and the rest at page 1000; a hole ends it. */
static void holes_of_boot_files_cost_nothing(void)
{
    struct fs_node *file = boot_tree(1 << 20);
    static const uint8_t zeroes[FS_PAGE];
    const uint64_t far = 1000 * FS_PAGE, size = UINT64_C(1) << 40;
    bool good;

    file->file.boot_bytes = NULL;
    file->file.extents = fs_memory_new(2 * sizeof *file->file.extents);
    file->file.extents[0] = (struct fs_extent){FS_PAGE, FS_PAGE, boot_bytes};
    file->file.extents[1] =
        (struct fs_extent){far, sizeof boot_bytes - FS_PAGE, boot_bytes + FS_PAGE};
    file->file.extent_count = 2;
    file->file.boot_size = file->size = size;
    good = ok() && fs.used == 0 && fs_blocks(file) == 4 * 8 && fs_boot_bytes(file) == NULL;
    good = good && reads(file, 0, FS_PAGE, zeroes) && reads(file, FS_PAGE, FS_PAGE, boot_bytes) &&
           reads(file, far + 5, FS_PAGE, boot_bytes + FS_PAGE + 5) &&
           reads(file, FS_PAGE - 1, 1, zeroes) && reads(file, 2 * FS_PAGE, 7, zeroes) &&
           reads(file, size - 7, 7, zeroes);
    /* Across the edges of a hole, and behind the last byte of an extent. */
    good = good && reads(file, 2 * FS_PAGE - 1, 2, (uint8_t[2]){boot_bytes[FS_PAGE - 1], 0}) &&
           reads(file, far - 1, 2, (uint8_t[2]){0, boot_bytes[FS_PAGE]}) &&
           reads(file, far + 2 * FS_PAGE + 99, 2,
               (uint8_t[2]){boot_bytes[sizeof boot_bytes - 1], 0});
    /* Written pages count where they are new, and hide what was there. */
    good = good && write_at(file, 3 * FS_PAGE, "new") == 0 && ok() &&
           fs_blocks(file) == (4 + file->file.copied) * 8;
    good = good && write_at(file, FS_PAGE + 1, "over") == 0 && ok() &&
           fs_blocks(file) == (3 + file->file.copied) * 8 && reads(file, FS_PAGE, 1, boot_bytes) &&
           reads(file, FS_PAGE + 1, 4, "over") && reads(file, far, 9, boot_bytes + FS_PAGE);
    good = good && fs_resize(&fs, file, far + 10) == 0 && fs_resize(&fs, file, size) == 0 && ok();
    good = good && reads(file, far, 10, boot_bytes + FS_PAGE) && reads(file, far + 10, 99, zeroes) &&
           fs_blocks(file) == (1 + file->file.copied) * 8;
    good = good && fs_remove(&fs, at("/etc/file"), false) == 0;
    fs_fini(&fs);
    test_check("ramfs.holes_of_boot_files_cost_nothing",
        good && test_outstanding == 0 && fs.used == 0, "");
}

static void limit_is_kept_to_the_byte(void)
{
    struct fs_node *file;
    size_t written = 0;
    static uint8_t page[FS_PAGE];
    uint64_t cost = sizeof(struct fs_node) + sizeof(struct fs_entry) + 1;
    bool good;

    fs_init(&fs, cost - 1);
    good = open_at("/f", LX_O_RDWR | LX_O_CREAT, &file) == LX_ENOSPC && fs.used == 0;
    fs.limit = cost + 3 * FS_PAGE;
    good = good && open_at("/f", LX_O_RDWR | LX_O_CREAT, &file) == 0 && fs.used == cost;
    /* Two pages of data need one index page: that is all there is. */
    good = good && fs_write(&fs, file, 100, page, FS_PAGE, &written) == 0 && written == FS_PAGE;
    good = good && fs.used == fs.limit && ok();
    good = good && fs_write(&fs, file, 6000, page, FS_PAGE, &written) == 0 &&
           written == 2 * FS_PAGE - 6000;
    good = good && fs_write(&fs, file, 3 * FS_PAGE, page, 1, &written) == LX_ENOSPC;
    good = good && fs_make(&fs, at("/d"), LX_S_IFDIR | 0755, 0) == LX_ENOSPC;
    good = good && fs_symlink(&fs, at("f"), at("/l")) == LX_ENOSPC && ok();
    /* A full tree can be tidied up. */
    good = good && fs_rename(&fs, at("/f"), at("/g"), 0) == 0 && ok();
    good = good && fs_resize(&fs, file, 10) == 0 && fs.used == fs.limit - FS_PAGE;
    good = good && fs_remove(&fs, at("/g"), false) == 0;
    fs_close(&fs, file);
    good = good && fs.used == 0 && ok();
    fs_fini(&fs);
    test_check("ramfs.limit_is_kept_to_the_byte", good && test_outstanding == 0, "");
}

static void read_only_without_scratch(void)
{
    struct fs_node *file = boot_tree(0), *node;
    struct fs_attributes set = {.mode = 0777};
    size_t written;
    bool good = open_at("/etc/file", LX_O_RDONLY, &node) == 0 && node == file;

    good = good && open_at("/etc/file", LX_O_RDWR, &node) == LX_EROFS;
    good = good && open_at("/etc/file", LX_O_RDONLY | LX_O_TRUNC, &node) == LX_EROFS;
    good = good && open_at("/etc/new", LX_O_WRONLY | LX_O_CREAT, &node) == LX_EROFS;
    good = good && fs_write(&fs, file, 0, boot_bytes, 1, &written) == LX_EROFS;
    good = good && fs_resize(&fs, file, 0) == LX_EROFS;
    good = good && fs_set(&fs, file, FS_SET_MODE, &set) == LX_EROFS;
    good = good && fs_make(&fs, at("/x"), LX_S_IFDIR | 0755, 0) == LX_EROFS;
    good = good && fs_link(&fs, at("/etc/file"), at("/x")) == LX_EROFS;
    good = good && fs_symlink(&fs, at("a"), at("/x")) == LX_EROFS;
    good = good && fs_remove(&fs, at("/etc/file"), false) == LX_EROFS;
    good = good && fs_rename(&fs, at("/etc/file"), at("/x"), 0) == LX_EROFS;
    fs_close(&fs, file);
    good = good && ok() && fs_boot_bytes(file) == boot_bytes;
    fs_fini(&fs);
    test_check("ramfs.read_only_without_scratch", good && test_outstanding == 0, "");
}

static void links_that_loop_end(void)
{
    struct fs_node *node;
    char name[32], next[32];
    bool good;

    fs_init(&fs, 1 << 20);
    good = fs_symlink(&fs, at("b"), at("a")) == 0 && fs_symlink(&fs, at("a"), at("b")) == 0 &&
           fs_find(&fs, at("a"), true, &node) == LX_ELOOP;
    fs_make(&fs, at("l40"), LX_S_IFREG | 0600, 0);
    for (int i = 39; i >= 0; i--) {
        snprintf(name, sizeof name, "l%d", i);
        snprintf(next, sizeof next, "l%d", i + 1);
        good = good && fs_symlink(&fs, at(next), at(name)) == 0;
    }
    good = good && fs_find(&fs, at("l0"), true, &node) == 0 && fs_is_regular(node);
    good = good && fs_symlink(&fs, at("l0"), at("more")) == 0 &&
           fs_find(&fs, at("more"), true, &node) == LX_ELOOP && ok();
    fs_fini(&fs);
    test_check("ramfs.links_are_followed_40_times", good && test_outstanding == 0, "");
}

/* Each time it is followed, all but the name that led to it is added to what is left. */
static void links_cannot_make_a_path_too_long(void)
{
    static const struct {
        size_t length;
        int answer;
    } links[] = {{100, LX_ELOOP}, {104, LX_ENAMETOOLONG}, {LX_PATH_MAX, LX_ENAMETOOLONG}};
    static char target[LX_PATH_MAX];
    bool good = true;

    fs_init(&fs, 1 << 20);
    memset(target, '/', LX_PATH_MAX);
    target[0] = 'l';
    for (unsigned i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct fs_node *node;

        good = good && fs_symlink(&fs, (struct fs_path){target, links[i].length}, at("l")) == 0 &&
               fs_find(&fs, at("l"), true, &node) == links[i].answer && ok() &&
               fs_remove(&fs, at("l"), false) == 0;
    }
    fs_fini(&fs);
    test_check("ramfs.links_cannot_make_a_path_too_long", good && test_outstanding == 0, "");
}

static void paths_stay_inside(void)
{
    static char long_path[LX_PATH_MAX + 2];
    struct fs_node *node, *file = boot_tree(1 << 20);
    struct fs_path nul = {"/etc\0/file", 10};
    bool good = fs_find(&fs, at("../../etc/../../etc/file"), true, &node) == 0 && node == file;

    good = good && fs_symlink(&fs, at("../../../../etc"), at("/etc/up")) == 0 &&
           fs_find(&fs, at("/etc/up/file"), true, &node) == 0 && node == file;
    good = good && fs_find(&fs, nul, true, &node) == LX_EINVAL &&
           fs_find(&fs, at(""), true, &node) == LX_ENOENT;
    memset(long_path, '/', sizeof long_path);
    good =
        good && fs_find(&fs, (struct fs_path){long_path, LX_PATH_MAX}, true, &node) == 0 &&
        node == fs.root &&
        fs_find(&fs, (struct fs_path){long_path, LX_PATH_MAX + 1}, true, &node) == LX_ENAMETOOLONG;
    fs_fini(&fs);
    test_check("ramfs.paths_stay_inside", good && test_outstanding == 0, "");
}

static void sparse_files_cost_what_was_written(void)
{
    struct fs_node *file;
    uint64_t before;
    bool good;

    fs_init(&fs, 1 << 20);
    good = open_at("/s", LX_O_RDWR | LX_O_CREAT, &file) == 0;
    before = fs.used;
    good = good && write_at(file, UINT64_C(100) << 30, "end") == 0 &&
           fs.used - before <= 4 * FS_PAGE && file->size == (UINT64_C(100) << 30) + 3;
    good = good && reads(file, UINT64_C(50) << 30, 4, "\0\0\0\0") && fs_blocks(file) <= 4 * 8;
    good = good && write_at(file, FS_SIZE_MAX - 2, "end") == LX_EFBIG &&
           write_at(file, FS_SIZE_MAX - 3, "end") == 0 && ok();
    good = good && fs_resize(&fs, file, 0) == 0 && fs.used == before;
    fs_close(&fs, file);
    fs_fini(&fs);
    test_check("ramfs.sparse_files_cost_what_was_written", good && test_outstanding == 0, "");
}

/* One step of a script that uses every operation that allocates. */
static int script(unsigned step)
{
    struct fs_node *node = NULL;
    int error;

    switch (step) {
    case 0:
        return fs_make(&fs, at("/d"), LX_S_IFDIR | 0755, 0);
    case 1:
        error = open_at("/d/f", LX_O_RDWR | LX_O_CREAT, &node);
        break;
    case 2:
        error = fs_find(&fs, at("/d/f"), true, &node);
        return error ? error : write_at(node, 300 * 4096 - 2, "across");
    case 3:
        return fs_link(&fs, at("/d/f"), at("/g"));
    case 4:
        return fs_symlink(&fs, at("/d/f"), at("/l"));
    default:
        return fs_rename(&fs, at("/d"), at("/e"), 0);
    }
    if (error == 0)
        fs_close(&fs, node);
    return error;
}

static void failing_allocations_change_nothing(void)
{
    bool good = true;

    fs_init(&fs, 1 << 20);
    for (unsigned step = 0; good && step < 6; step++) {
        unsigned fail = 0;
        int error;

        do {
            uint64_t entries = fs.entries, nodes = fs.nodes;

            test_fail_after = fail++;
            error = script(step);
            test_fail_after = -1;
            good = ok() && (error == 0 || error == LX_ENOMEM || (step == 2 && error == LX_ENOSPC));
            good = good && (error == 0 || (fs.entries == entries && fs.nodes == nodes));
        } while (good && error != 0);
    }
    fs_fini(&fs);
    test_check("ramfs.failing_allocations_change_nothing", good && test_outstanding == 0, "");
}

/* --- the page store --------------------------------------------------------- */

static unsigned mapped;
static bool refuse_map;

bool store_map(void *address, unsigned pages)
{
    if (refuse_map)
        return false;
    memset(address, 0, (size_t)pages * FS_PAGE);
    mapped += pages;
    return true;
}

void store_unmap(void *address, unsigned pages)
{
    memset(address, 0xee, (size_t)pages * FS_PAGE);
    mapped -= pages;
}

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, FS_PAGE - 1) == 0;
}

static void page_store_gives_back(void)
{
    enum { PAGES = 1000 };
    static uint8_t *pages[PAGES];
    uint8_t *area = aligned_alloc(FS_PAGE, 2 * PAGES * (size_t)FS_PAGE);
    struct page_store store;
    unsigned count = 0, most = 0;
    bool good = true;

    page_store_init(&store, area);
    srand(7);
    for (unsigned step = 0; good && step < 200000; step++) {
        unsigned i = (unsigned)rand() % (step / 50000 % 2 ? 100 : PAGES);

        if (pages[i] == NULL) {
            pages[i] = page_store_new(&store);
            good = pages[i] != NULL && is_zero(pages[i]);
            memset(pages[i], (int)(i | 1) & 0xff, FS_PAGE);
            count++;
        } else {
            good = pages[i][0] == ((i | 1) & 0xff) && pages[i][FS_PAGE - 1] == pages[i][0];
            page_store_free(&store, pages[i]);
            pages[i] = NULL;
            count--;
        }
        most = count > most ? count : most;
        good = good && store.run_count <= most / STORE_RUN_PAGES + 2;
    }
    for (unsigned i = 0; i < PAGES; i++)
        if (pages[i] != NULL)
            page_store_free(&store, pages[i]);
    good = good && mapped == STORE_RUN_PAGES;
    page_store_trim(&store);
    good = good && mapped == 0;
    refuse_map = true;
    good = good && page_store_new(&store) == NULL;
    refuse_map = false;
    good = good && page_store_new(&store) != NULL;
    fs_memory_free(store.runs);
    free(area);
    test_check("ramfs.page_store_gives_back", good && test_outstanding == 0, "");
}

int main(void)
{
    boot_files_change_only_in_memory();
    holes_of_boot_files_cost_nothing();
    limit_is_kept_to_the_byte();
    read_only_without_scratch();
    links_that_loop_end();
    links_cannot_make_a_path_too_long();
    paths_stay_inside();
    sparse_files_cost_what_was_written();
    failing_allocations_change_nothing();
    page_store_gives_back();
    return test_failures != 0;
}

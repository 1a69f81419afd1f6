/* SPDX-License-Identifier: MIT */
/*
 * The tree against the host's own file system: the same random requests to both
 * must fail with the same error and answer the same.
 */
#include "fs.h"

#include "fs_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool confined;
static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* --- against the model ----------------------------------------------------- */

static struct fs fs;
static struct fs_node *open_nodes[MODEL_FILES];
static uint64_t open_flags[MODEL_FILES];
static struct model_request ask;
static struct model_answer wanted, got;

static void random_name(char *to)
{
    static const char *const names[] = {"a", "b", "c", "d", "a", "b", "a", ".", ".."};
    uint64_t pick = draw(200);

    if (pick < 2) {
        memset(to, 'n', 255 + pick);
        to[255 + pick] = 0;
    } else {
        strcpy(to, names[draw(confined ? 9 : 8)]);
    }
}

static void random_path(char *to, bool target)
{
    unsigned parts = 1 + (unsigned)draw(4);

    *to = 0;
    if (draw(100) == 0)
        return;
    if (confined && draw(3) == 0)
        strcat(to, "/");
    for (unsigned i = 0; i < parts; i++) {
        random_name(to + strlen(to));
        if (i + 1 < parts || draw(8) == 0)
            strcat(to, draw(10) == 0 ? "//" : "/");
    }
    if (target && draw(20) == 0)
        memset(to + strlen(to), 0, 1);
}

static struct fs_path path_of(const char *text)
{
    return (struct fs_path){text, strlen(text)};
}

static void describe(const struct fs_node *node, struct model_answer *answer)
{
    answer->mode = node->mode;
    answer->links = node->links;
    answer->size = node->size;
    answer->inode = node->inode;
    answer->mtime = node->mtime / 1000000000;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void list_all(struct fs_node *node, struct model_answer *answer)
{
    static char names[600][256];
    uint8_t buffer[700];
    uint64_t cookie = 0;
    size_t used, count = 0;

    while (answer->error == 0) {
        answer->error = fs_list(node, cookie, buffer, sizeof buffer, &used, &cookie);
        if (used == 0)
            break;
        for (size_t at = 0; at < used; at += (size_t)buffer[at + 16] + 256u * buffer[at + 17])
            strcpy(names[count++], (char *)buffer + at + 19);
    }
    qsort(names, count, sizeof names[0], compare_names);
    for (size_t i = 0; i < count; i++) {
        strcpy((char *)answer->data + answer->length, names[i]);
        answer->length += strlen(names[i]) + 1;
    }
}

static void our_file(const struct model_request *r, struct model_answer *a)
{
    struct fs_node *node = open_nodes[r->file];
    const uint8_t *bytes;
    uint8_t buffer[FS_PAGE];
    char opened[LX_PATH_MAX];
    size_t length;

    switch (r->op) {
    case MODEL_OPEN:
        a->error = fs_open(
            &fs, path_of(r->path), r->flags, (uint32_t)r->mode, true, &node, opened, &length);
        open_nodes[r->file] = a->error ? NULL : node;
        break;
    case MODEL_CLOSE:
        fs_close(&fs, node);
        open_nodes[r->file] = NULL;
        break;
    case MODEL_READ:
        a->error = fs_read(node, r->offset, r->length, buffer, &bytes, &a->length);
        memcpy(a->data, bytes, a->length);
        break;
    case MODEL_WRITE:
        a->error = fs_write(&fs, node, r->offset, r->data, r->length, &a->length);
        break;
    case MODEL_RESIZE:
        a->error = fs_resize(&fs, node, r->offset);
        break;
    case MODEL_FSTAT:
        describe(node, a);
        break;
    default:
        list_all(node, a);
    }
}

static void our_path(const struct model_request *r, struct model_answer *a)
{
    struct fs_path path = path_of(r->path), second = path_of(r->second);
    struct fs_attributes set = {.mode = r->mode, .mtime = r->offset * 1000000000};
    struct fs_node *node;

    switch (r->op) {
    case MODEL_MAKE:
        a->error = fs_make(&fs, path, (uint32_t)r->mode, 0);
        return;
    case MODEL_LINK:
        a->error = fs_link(&fs, path, second);
        return;
    case MODEL_SYMLINK:
        a->error = fs_symlink(&fs, path, second);
        return;
    case MODEL_REMOVE:
        a->error = fs_remove(&fs, path, r->flags != 0);
        return;
    case MODEL_RENAME:
        a->error = fs_rename(&fs, path, second, r->flags);
        return;
    default:
        a->error = fs_find(
            &fs, path, r->op == MODEL_CHMOD || (r->op != MODEL_READLINK && r->flags), &node);
    }
    if (a->error != 0)
        return;
    if (r->op == MODEL_STAT)
        describe(node, a);
    else if (r->op == MODEL_READLINK && !fs_is_link(node))
        a->error = LX_EINVAL;
    else if (r->op == MODEL_READLINK)
        memcpy(a->data, node->target, a->length = node->size);
    else
        a->error = fs_set(&fs, node, r->op == MODEL_CHMOD ? FS_SET_MODE : FS_SET_MTIME, &set);
}

static bool same(void)
{
    bool names = ask.op == MODEL_LIST, stats = ask.op == MODEL_STAT || ask.op == MODEL_FSTAT;

    if (got.error != wanted.error)
        return false;
    if (got.error != 0)
        return true;
    if (stats) {
        bool directory = (wanted.mode & LX_S_IFMT) == LX_S_IFDIR;

        return got.mode == wanted.mode &&
               (directory || (got.links == wanted.links && got.size == wanted.size));
    }
    if (got.length != wanted.length)
        return false;
    return (ask.op != MODEL_READ && ask.op != MODEL_READLINK && !names) ||
           memcmp(got.data, wanted.data, got.length) == 0;
}

/* A fifo or socket would wait for its other end. */
static bool leads_to_a_fifo(const char *path)
{
    struct fs_node *node;

    return fs_find(&fs, path_of(path), true, &node) == 0 && !fs_is_regular(node) &&
           !fs_is_directory(node);
}

static void random_open(void)
{
    static const uint64_t extra[] = {0, LX_O_CREAT, LX_O_CREAT, LX_O_CREAT | LX_O_EXCL, LX_O_TRUNC,
        LX_O_CREAT | LX_O_TRUNC, LX_O_DIRECTORY, LX_O_NOFOLLOW};

    ask.op = MODEL_OPEN;
    ask.flags = draw(3) | extra[draw(8)];
    open_flags[ask.file] = ask.flags & LX_O_ACCMODE;
    ask.mode = 0600 | draw(0100);
}

static void random_on_file(void)
{
    bool readable = open_flags[ask.file] != LX_O_WRONLY, writable = open_flags[ask.file] != 0;
    uint64_t pick = draw(12);

    ask.offset = draw(3) ? draw(30000) : draw(4) * 4096;
    ask.length = draw(4097);
    for (size_t i = 0; i < ask.length; i++)
        ask.data[i] = (uint8_t)(1 + draw(255));
    if (fs_is_directory(open_nodes[ask.file]))
        ask.op = pick < 6 ? MODEL_LIST : pick < 9 ? MODEL_FSTAT : MODEL_CLOSE;
    else if (pick < 4 && writable)
        ask.op = MODEL_WRITE;
    else if (pick < 6 && writable)
        ask.op = MODEL_RESIZE;
    else if (pick < 9 && readable)
        ask.op = MODEL_READ;
    else
        ask.op = pick == 11 ? MODEL_CLOSE : MODEL_FSTAT;
}

static void random_request(void)
{
    static const enum model_op ops[] = {MODEL_STAT, MODEL_STAT, MODEL_READLINK, MODEL_MAKE,
        MODEL_MAKE, MODEL_LINK, MODEL_SYMLINK, MODEL_REMOVE, MODEL_REMOVE, MODEL_RENAME,
        MODEL_RENAME, MODEL_CHMOD, MODEL_UTIME};
    static const uint64_t types[] = {LX_S_IFDIR, LX_S_IFDIR, LX_S_IFREG, LX_S_IFIFO, LX_S_IFSOCK};

    random_path(ask.path, true);
    random_path(ask.second, false);
    ask.file = (unsigned)draw(MODEL_FILES);
    if (draw(2) == 0 && open_nodes[ask.file] != NULL) {
        random_on_file();
    } else if (draw(4) == 0 && open_nodes[ask.file] == NULL && !leads_to_a_fifo(ask.path)) {
        random_open();
    } else {
        ask.op = ops[draw(13)];
        ask.flags = draw(2);
        ask.offset = draw(1u << 30);
        ask.mode = 0600 | draw(0100);
        if (ask.op == MODEL_MAKE)
            ask.mode = types[draw(5)] | 0700;
        if (ask.op == MODEL_RENAME)
            ask.flags = draw(4) ? 0 : draw(4);
    }
}

static void against_the_host(uint64_t start, unsigned steps)
{
    static char why[12000];
    char name[64];
    bool good = true;
    unsigned step;

    seed = start;
    confined = model_start();
    fs_init(&fs, 1u << 30);
    for (step = 0; good && step < steps; step++) {
        random_request();
        memset(&got, 0, offsetof(struct model_answer, data));
        model_ask(&ask, &wanted);
        if (ask.op <= MODEL_LIST)
            our_file(&ask, &got);
        else
            our_path(&ask, &got);
        good = same() && test_fs_ok(&fs, (const struct fs_node *const *)open_nodes, MODEL_FILES);
    }
    snprintf(why, sizeof why,
        "seed %llu step %u op %d flags %llo %s %s: wanted %d %o %u %llu %zu, got %d %o %u %llu %zu",
        (unsigned long long)start, step, ask.op, (unsigned long long)ask.flags, ask.path,
        ask.second, wanted.error, wanted.mode, wanted.links, (unsigned long long)wanted.size,
        wanted.length, got.error, got.mode, got.links, (unsigned long long)got.size, got.length);
    for (unsigned i = 0; i < MODEL_FILES; i++)
        if (open_nodes[i] != NULL)
            fs_close(&fs, open_nodes[i]);
    memset(open_nodes, 0, sizeof open_nodes);
    fs_fini(&fs);
    model_stop();
    good = good && test_outstanding == 0 && fs.used == 0 && fs.nodes == 0;
    snprintf(name, sizeof name, "ramfs.answers_as_the_host_does/%llu", (unsigned long long)start);
    test_check(name, good, why);
}

int main(void)
{
    for (uint64_t start = 1; start <= 6; start++)
        against_the_host(start * 7919, 6000);
    return test_failures != 0;
}

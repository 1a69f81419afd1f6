/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <stdlib.h>

#include "heap.h"
#include "lock.h"
#include "test.h"

static int closed;

void lock_yield(void)
{
}

void *heap_alloc(size_t size)
{
    return calloc(1, size);
}

void heap_free(void *memory, size_t size)
{
    (void)size;
    free(memory);
}

static int64_t read_some(struct file *file, uint64_t address, uint64_t length, uint64_t offset)
{
    (void)file, (void)address;
    return offset >= 100 ? 0 : offset + length > 100 ? (int64_t)(100 - offset) : (int64_t)length;
}

static void close_it(struct file *file)
{
    closed++;
    free(file);
}

static const struct file_ops ops = {.seekable = true, .read = read_some, .close = close_it};

static struct file *new_file(uint32_t flags)
{
    struct file *file = calloc(1, sizeof(*file));

    file_init(file, &ops, flags, 0);
    return file;
}

TEST(descriptors, the_lowest_free_number_is_given, "from a least one on")
{
    for (int i = 0; i < 40; i++)
        CHECK_EQ(descriptor_new(new_file(0), 0, false), i);
    CHECK_EQ(descriptor_close(7), 0);
    CHECK_EQ(descriptor_close(30), 0);
    CHECK_EQ(descriptor_close(7), -E_BADF);
    CHECK_EQ(descriptor_new(new_file(0), 8, false), 30);
    CHECK_EQ(descriptor_new(new_file(0), 0, false), 7);
    CHECK_EQ(descriptor_new(new_file(0), 500, true), 500);
    CHECK_EQ(descriptor_new(new_file(0), 0, false), 40);
    CHECK_EQ(descriptor_flag(500, -1), 1);
    CHECK_EQ(descriptor_flag(500, 0), 0);
    CHECK_EQ(descriptor_flag(501, -1), -E_BADF);
}

TEST(descriptors, no_more_than_there_may_be, "and the file that did not fit is closed")
{
    int before, n = 0;

    while (descriptor_new(new_file(0), 0, false) >= 0)
        n++;
    CHECK(n > 900);
    before = closed;
    CHECK_EQ(descriptor_new(new_file(0), 0, false), -E_MFILE);
    CHECK_EQ(closed, before + 1);
    CHECK_EQ(descriptor_put(new_file(0), DESCRIPTORS_MAX, false), -E_BADF);
    for (int i = 0; i < DESCRIPTORS_MAX; i++)
        descriptor_close((uint64_t)i);
    CHECK_EQ(descriptor_new(new_file(0), 0, false), 0);
    CHECK_EQ(descriptor_close(0), 0);
}

TEST(descriptors, a_file_lives_as_long_as_anyone_has_it, "descriptors and users alike")
{
    struct file *file = new_file(OPENED_READ), *got;
    int before = closed;

    CHECK_EQ(descriptor_new(file, 0, false), 0);
    got = descriptor_get(0);
    CHECK(got == file && descriptor_get(1) == NULL && descriptor_get(1 << 30) == NULL);
    CHECK_EQ(descriptor_put(new_file(0), 0, false), 0);
    CHECK_EQ(closed, before);
    file_unref(got);
    CHECK_EQ(closed, before + 1);
    CHECK_EQ(descriptor_close(0), 0);
}

TEST(descriptors, a_read_moves_where_the_file_stands, "one at an offset does not")
{
    struct file *file = new_file(OPENED_READ);

    CHECK_EQ(io_read(file, 0, 60), 60);
    CHECK_EQ(io_read_at(file, 0, 10, 95), 5);
    CHECK_EQ(io_read(file, 0, 60), 40);
    CHECK_EQ(io_read(file, 0, 60), 0);
    CHECK_EQ(io_read_at(file, 0, 1, ~UINT64_C(0)), -E_INVAL);
    CHECK_EQ(io_write(file, 0, 1), -E_BADF);
    file_unref(file);
    file = new_file(OPENED_READ | OPENED_PATH_ONLY);
    CHECK_EQ(io_read(file, 0, 1), -E_BADF);
    file_unref(file);
}

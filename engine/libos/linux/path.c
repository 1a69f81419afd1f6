/* SPDX-License-Identifier: MIT */
/*
 * From what the program says to a path that the Namespace takes: absolute, from
 * the Namespace's root. `.` and `..` stay in it: what they mean depends on links,
 * which only the service knows.
 */
#include "bytes.h"
#include "face.h"
#include "fmt/fmt.h"
#include "heap.h"
#include "kernel.h"
#include "names.h"
#include "path.h"
#include "start.h"
#include "user.h"

static struct lock directory_lock;
static char directory[PATH_SIZE] = "/"; /* absolute, no slash at its end but the root's */

void path_put(char *path)
{
    heap_free(path, PATH_SIZE);
}

/* Where a relative path begins, into `base`. */
static int64_t base_of(int number, char *base)
{
    struct file *file;
    int64_t n;

    if (number == AT_FDCWD) {
        lock_take(&directory_lock);
        n = (int64_t)strlen(directory);
        memcpy(base, directory, (size_t)n + 1);
        lock_release(&directory_lock);
        return n;
    }
    file = descriptor_get((uint64_t)number);
    if (file == NULL)
        return -E_BADF;
    n = -E_NOTDIR;
    if (names_is(file) && (names_mode(file) & MODE_TYPE) == MODE_DIRECTORY)
        n = names_path(file, base, PATH_SIZE - 1);
    file_unref(file);
    if (n >= 0)
        base[n] = 0;
    return n;
}

/* What the path says, behind where it begins, in the same buffer. */
static int64_t make_path(char *path, int number, uint64_t address)
{
    int64_t n, base;

    n = copy_string_from_user(path, address, PATH_SIZE);
    if (n < 0 || path[0] == '/')
        return n;
    if (n == 0)
        return -E_NOENT;
    base = base_of(number, path);
    if (base < 0)
        return base;
    if (base + 1 + n >= PATH_SIZE)
        return -E_NAMETOOLONG;
    path[base] = '/';
    n = copy_string_from_user(path + base + 1, address, PATH_SIZE - (uint64_t)base - 1);
    return n < 0 ? n : base + 1 + n;
}

char *path_get(int number, uint64_t address, bool empty, struct file **file, int64_t *e)
{
    char *path = heap_alloc_buffer(PATH_SIZE), first;

    if (file != NULL)
        *file = NULL;
    *e = -E_NOMEM;
    if (path == NULL)
        return NULL;
    if (empty) {
        *e = copy_from_user(&first, address, 1);
        if (*e == 0 && first == 0 && number != AT_FDCWD) {
            *file = descriptor_get((uint64_t)number);
            *e = *file == NULL ? -E_BADF : 0;
            path_put(path);
            return NULL;
        }
        if (*e == 0 && first == 0) {
            *e = base_of(AT_FDCWD, path);
            return path;
        }
    }
    *e = make_path(path, number, address);
    if (*e >= 0)
        return path;
    path_put(path);
    return NULL;
}

/* --- the working directory ------------------------------------------------ */

/* The name that the service has for it becomes the working directory's. */
static int64_t enter(struct file *file)
{
    char *path = heap_alloc_buffer(PATH_SIZE);
    int64_t n = -E_NOMEM;

    if (path != NULL)
        n = names_path(file, path, PATH_SIZE - 1);
    if (n >= 0) {
        path[n] = 0;
        lock_take(&directory_lock);
        memcpy(directory, path, (size_t)n + 1);
        lock_release(&directory_lock);
    }
    path_put(path);
    return n < 0 ? n : 0;
}

int64_t directory_set(const char *path)
{
    int64_t e;
    struct file *file = names_open(path, O_DIRECTORY | O_CLOEXEC, 0, OPENED_READ, &e);

    if (file == NULL)
        return e;
    e = enter(file);
    file_unref(file);
    return e;
}

int64_t call_chdir(const struct call *c)
{
    int64_t e;
    char *path = path_get(AT_FDCWD, c->a, false, NULL, &e);

    if (path == NULL)
        return e;
    e = directory_set(path);
    path_put(path);
    return e;
}

int64_t call_fchdir(const struct call *c)
{
    struct file *file = descriptor_get(c->a);
    int64_t e = -E_NOTDIR;

    if (file == NULL)
        return -E_BADF;
    if (names_is(file) && (names_mode(file) & MODE_TYPE) == MODE_DIRECTORY)
        e = enter(file);
    file_unref(file);
    return e;
}

int64_t call_getcwd(const struct call *c)
{
    uint64_t n;
    int64_t e;

    if (caps.names == 0)
        return -E_NOENT;
    lock_take(&directory_lock);
    n = strlen(directory) + 1;
    e = n > c->b ? -E_RANGE : copy_to_user(c->a, directory, n);
    lock_release(&directory_lock);
    return e < 0 ? e : (int64_t)n;
}

/* --- names that the libos answers itself ---------------------------------- */

/* Every path is held against each of these names, and nearly all differ at once: so none
 * is measured first. */
static bool same(const char *a, const char *b)
{
    while (*a == *b && *a != 0)
        a++, b++;
    return *a == *b;
}

/* The number behind a prefix, of at most five digits and nothing else; -1: not so. */
static int64_t number_behind(const char *path, const char *prefix)
{
    int64_t number = 0;
    int digits = 0;

    for (; *prefix != 0; prefix++, path++)
        if (*path != *prefix)
            return -1;
    for (; *path >= '0' && *path <= '9' && digits < 5; path++, digits++)
        number = number * 10 + (*path - '0');
    return digits > 0 && *path == 0 ? number : -1;
}

int64_t path_descriptor(const char *path)
{
    static const char *const streams[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};

    for (int i = 0; i < 3; i++)
        if (same(path, streams[i]))
            return i;
    for (int i = 0; i < 2; i++)
        if (number_behind(path, folders[i]) >= 0)
            return number_behind(path, folders[i]);
    return -1;
}

bool path_device(const char *path, unsigned *major, unsigned *minor)
{
    static const struct {
        const char *path;
        unsigned major, minor;
    } devices[] = {
        {"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
        {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
    };

    for (unsigned i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        if (!same(path, devices[i].path))
            continue;
        *major = devices[i].major;
        *minor = devices[i].minor;
        return true;
    }
    return false;
}

/* C libraries rely on an absolute path; a program that was started by another name
 * lies nowhere in the Namespace, so that its place does not matter. */
static int64_t program_link(char *target, size_t size)
{
    const char *path = start_program.path;
    size_t n = fmt(target, size, "%s%s", path[0] == '/' ? "" : "/", path);

    return (int64_t)(n < size ? n : size - 1);
}

int64_t path_magic_link(const char *path, char *target, size_t size)
{
    struct file *file;
    int64_t n, number;

    if (caps.names == 0)
        return -E_NOENT;
    if (same(path, "/proc/self/exe"))
        return program_link(target, size);
    number = number_behind(path, "/proc/self/fd/");
    file = number < 0 ? NULL : descriptor_get((uint64_t)number);
    if (file == NULL)
        return -E_INVAL;
    n = names_path(file, target, size);
    if (n < 0)
        n = (int64_t)fmt(target, size, "%s:[%ld]", file->ops->kind, number);
    file_unref(file);
    return n;
}

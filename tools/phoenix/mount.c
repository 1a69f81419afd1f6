/* SPDX-License-Identifier: MIT */
/* What --ro is given; see mount.h. */
#include "mount.h"

#include "mkmanifest/refuse.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Resolve `.`, `..` and doubled slashes of an absolute path by its text, in place. */
static void path_normalize(char *path)
{
    char *out = path, *in = path;

    while (*in) {
        size_t n = strcspn(in, "/");

        if (n == 2 && in[0] == '.' && in[1] == '.') {
            while (out > path && *--out != '/')
                ;
        } else if (n != 0 && !(n == 1 && in[0] == '.')) {
            *out++ = '/';
            memmove(out, in, n);
            out += n;
        }
        in += n;
        while (*in == '/')
            in++;
    }
    if (out == path)
        *out++ = '/';
    *out = 0;
}

char *path_absolute(const char *path)
{
    char here[PATH_MAX];
    char *absolute;

    if (path[0] == '/')
        absolute = must_copy(path);
    else if (getcwd(here, sizeof here))
        absolute = must_format("%s/%s", here, path);
    else
        refuse("cannot tell the current folder: %s", strerror(errno));
    path_normalize(absolute);
    return absolute;
}

static bool exists(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

static bool is_escape(const char *at)
{
    return at[0] == '\\' && (at[1] == ':' || at[1] == '\\');
}

static char *unescaped(const char *text, size_t length)
{
    char *copy = must_allocate(length + 1), *out = copy;

    for (size_t i = 0; i < length; i++) {
        if (i + 1 < length && is_escape(text + i))
            i++;
        *out++ = text[i];
    }
    return copy;
}

/* The colon that parts `text`: of those before a slash the last with a host path that
 * exists, or the last at all. NULL: nothing parts it. */
static const char *parting_colon(const char *text)
{
    const char *last = NULL, *best = NULL;

    for (const char *at = text; *at; at++) {
        if (is_escape(at)) {
            at++;
        } else if (at[0] == ':' && at[1] == '/') {
            char *host = unescaped(text, (size_t)(at - text));

            last = at;
            if (exists(host))
                best = at;
            free(host);
        }
    }
    return best ? best : last;
}

struct mount mount_parse(const char *text)
{
    bool whole = exists(text);
    const char *colon = whole ? NULL : parting_colon(text);
    size_t length = strlen(text), host = colon ? (size_t)(colon - text) : length;
    struct mount mount = {.host = whole ? must_copy(text) : unescaped(text, host)};
    char *guest = colon ? unescaped(colon + 1, length - host - 1) : must_copy(mount.host);

    if (!*mount.host)
        refuse("--ro: no path of this host is given");
    if (!colon && text[length - 1] == ':' && !exists(mount.host))
        refuse("--ro: `%s` has no path behind the colon", text);
    mount.guest = path_absolute(guest);
    free(guest);
    return mount;
}

/* SPDX-License-Identifier: MIT */
#include "phoenix/mount.h"

#include "mkmanifest/refuse.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../harness/test.h"

void refuse(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    exit(1);
}

static char *top;

/* A folder of its own, in which the current folder is then. */
static void begin(void)
{
    static char folder[40];

    strcpy(folder, "/tmp/mount_test.XXXXXX");
    top = mkdtemp(folder);
    CHECK(top && chdir(top) == 0);
}

static void end(void)
{
    CHECK(rmdir(top) == 0);
}

static void make(const char *name)
{
    int fd = open(name, O_CREAT | O_WRONLY, 0600);

    CHECK(fd >= 0);
    close(fd);
}

static void unmake(const char *name)
{
    CHECK(unlink(name) == 0);
}

/* `guest` without a slash in front lies in our folder. */
static void check_mount(const char *text, const char *host, const char *guest)
{
    struct mount mount = mount_parse(text);
    char wanted[300];

    snprintf(wanted, sizeof wanted, "%s/%s", top, guest);
    CHECK_STR(mount.host, host);
    CHECK_STR(mount.guest, guest[0] == '/' ? guest : wanted);
    free(mount.host);
    free(mount.guest);
}

TEST(mount, a_colon_before_a_slash_parts, "host path and guest path")
{
    begin();
    check_mount("/etc", "/etc", "/etc");
    check_mount("/etc/:/a//b/./c/..", "/etc/", "/a/b");
    check_mount("none", "none", "none");
    check_mount("none:some", "none:some", "none:some");
    check_mount("/none:/../x", "/none", "/x");
    end();
}

TEST(mount, what_exists_is_meant_first, "colons and all")
{
    begin();
    make("a:b");
    check_mount("a:b", "a:b", "a:b");
    check_mount("a:b:/g:h", "a:b", "/g:h");
    unmake("a:b");
    CHECK(mkdir("c:", 0700) == 0);
    make("c:/d");
    check_mount("c:/d", "c:/d", "c:/d");
    check_mount("c:/d:/e", "c:/d", "/e");
    check_mount("c:/none", "c", "/none");
    unmake("c:/d");
    CHECK(rmdir("c:") == 0);
    end();
}

TEST(mount, an_escaped_colon_parts_nothing, "on either side")
{
    begin();
    check_mount("/x\\:/y", "/x:/y", "/x:/y");
    check_mount("/x\\:/y:/z\\:/w", "/x:/y", "/z:/w");
    check_mount("/x\\\\:/y", "/x\\", "/y");
    check_mount("/x\\y", "/x\\y", "/x\\y");
    make("p\\:q");
    check_mount("p\\:q", "p\\:q", "p\\:q"); /* it exists as it stands */
    unmake("p\\:q");
    end();
}

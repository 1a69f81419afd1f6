/* SPDX-License-Identifier: MIT */
/* Without a Namespace no path leads anywhere: for a machine without files. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

int main(void)
{
    char text[64];
    struct stat s;

    FAILS(open("/", O_RDONLY), ENOENT);
    FAILS(open("/dev/null", O_RDWR), ENOENT);
    FAILS(open("file", O_CREAT | O_WRONLY, 0600), ENOENT);
    FAILS(stat("/etc/passwd", &s), ENOENT);
    FAILS(mkdir("/tmp", 0777), ENOENT);
    FAILS(unlink("/etc/passwd"), ENOENT);
    FAILS(rename("/a", "/b"), ENOENT);
    FAILS(chdir("/"), ENOENT);
    FAILS(readlink("/proc/self/exe", text, sizeof(text)), ENOENT);
    FAILS(access("/", F_OK), ENOENT);
    SAY(opendir("/") == NULL && errno == ENOENT);
    SAY(getcwd(text, sizeof(text)) == NULL);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Namespace: what may be asked of the whole tree. */
#include "ramfs.h"

#include "rt/rt.h"
#include "services.capnp.h"

static struct fs_path whole(const struct rt_call *call)
{
    return (struct fs_path){(const char *)call->bytes, call->length};
}

/* The two paths of link and rename; false: the first is longer than both. */
static bool two_paths(const struct rt_call *call, struct fs_path *first, struct fs_path *second)
{
    uint64_t length = call->words[1];

    if (length > call->length)
        return false;
    *first = (struct fs_path){(const char *)call->bytes, length};
    *second = (struct fs_path){(const char *)call->bytes + length, call->length - length};
    return true;
}

static int do_open(struct rt_call *call, bool may_write)
{
    static char path[LX_PATH_MAX];
    uint64_t flags = call->words[0];
    struct fs_node *node;
    size_t length;
    int error = fs_open(
        &ramfs, whole(call), flags, (uint32_t)call->words[1], may_write, &node, path, &length);

    if (error != 0)
        return error;
    error = files_add(call, node, flags, may_write, path, length);
    if (error != 0) {
        fs_close(&ramfs, node);
        return error;
    }
    call->words[0] = node->mode;
    call->words[1] = fs_is_directory(node) ? FS_PAGE : node->size;
    call->words[2] = node->inode;
    call->out_words = 3;
    return 0;
}

static int do_read_link(struct rt_call *call)
{
    struct fs_node *node;
    int error = fs_find(&ramfs, whole(call), false, &node);

    if (error == 0 && !fs_is_link(node))
        error = LX_EINVAL;
    if (error != 0)
        return error;
    call->out_bytes = node->target;
    call->out_length = node->size;
    return 0;
}

static int do_two(struct rt_call *call)
{
    struct fs_path first, second;

    if (!two_paths(call, &first, &second))
        return LX_EINVAL;
    if (call->method == NAMESPACE_RENAME)
        return fs_rename(&ramfs, first, second, call->words[0]);
    return call->words[0] ? fs_symlink(&ramfs, first, second) : fs_link(&ramfs, first, second);
}

static int do_set(struct rt_call *call)
{
    struct fs_attributes attributes = attributes_of(call->words);
    unsigned which = (unsigned)call->words[0];
    struct fs_node *node;
    int error = fs_find(&ramfs, whole(call), !(which & FS_SET_NO_FOLLOW), &node);

    return error != 0 ? error : fs_set(&ramfs, node, which, &attributes);
}

/* A tree that cannot be written is as full as it will ever be. */
static int do_statistics(struct rt_call *call)
{
    call->words[0] = FS_PAGE;
    call->words[1] = ramfs.limit / FS_PAGE;
    call->words[2] = (ramfs.limit - ramfs.used) / FS_PAGE;
    call->words[3] = ramfs.nodes + (ramfs.limit - ramfs.used) / sizeof(struct fs_node);
    call->words[4] = (ramfs.limit - ramfs.used) / sizeof(struct fs_node);
    call->out_words = 5;
    return 0;
}

unsigned namespace_handle(struct rt_call *call)
{
    struct fs_node *node;
    int error;

    if (call->method != NAMESPACE_STATUS && call->method != NAMESPACE_READ_LINK)
        files_look();
    switch (call->method) {
    case NAMESPACE_OPEN:
        error = do_open(call, false);
        break;
    case NAMESPACE_WRITE:
        error = do_open(call, true);
        break;
    case NAMESPACE_STATUS:
        error = fs_find(&ramfs, whole(call), call->words[0] != 0, &node);
        if (error == 0)
            return answer_status(call, node);
        break;
    case NAMESPACE_READ_LINK:
        error = do_read_link(call);
        break;
    case NAMESPACE_MAKE:
        error = fs_make(&ramfs, whole(call), (uint32_t)call->words[0], call->words[1]);
        break;
    case NAMESPACE_LINK:
    case NAMESPACE_RENAME:
        error = do_two(call);
        break;
    case NAMESPACE_REMOVE:
        error = fs_remove(&ramfs, whole(call), call->words[0] != 0);
        break;
    case NAMESPACE_SET_ATTRIBUTES:
        error = do_set(call);
        break;
    case NAMESPACE_STATISTICS:
        error = do_statistics(call);
        break;
    default:
        return PHX_INVALID_SYSCALL;
    }
    return error == 0 ? PHX_SUCCESS : answer_error(call, error);
}

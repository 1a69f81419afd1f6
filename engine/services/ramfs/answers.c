/* SPDX-License-Identifier: MIT */
/* What both interfaces answer: a Linux errno in word 0 of an error, attributes. */
#include "ramfs.h"

#include "services.capnp.h"

unsigned answer_error(struct rt_call *call, int error)
{
    call->words[0] = (uint64_t)error;
    call->out_words = 1;
    switch (error) {
    case LX_ENOENT:
        return PHX_NOT_FOUND;
    case LX_EEXIST:
        return PHX_EXISTS;
    case LX_ENOMEM:
    case LX_ENOSPC:
    case LX_ENFILE:
        return PHX_OUT_OF_MEMORY;
    case LX_EACCES:
    case LX_EPERM:
    case LX_EROFS:
        return PHX_PERMISSION_DENIED;
    case LX_EFBIG:
        return PHX_TOO_BIG;
    case LX_EOPNOTSUPP:
        return PHX_NOT_SUPPORTED;
    case LX_EBUSY:
    case LX_ENOTEMPTY:
        return PHX_INVALID_STATE;
    default:
        return PHX_INVALID_ARGUMENT;
    }
}

unsigned answer_status(struct rt_call *call, const struct fs_node *node)
{
    const struct namespace_status_out out = {
        .inode = node->inode,
        .mode = node->mode,
        .links = node->links,
        .owner = node->uid | (uint64_t)node->gid << 32,
        .size = fs_is_directory(node) ? FS_PAGE : node->size,
        .blocks = fs_blocks(node),
        .mtime = (uint64_t)node->mtime,
        .ctime = (uint64_t)node->ctime,
        .atime = (uint64_t)node->atime,
        .device = node->device,
    };
    const uint64_t words[PHX_WORDS] = {out.inode, out.mode, out.links, out.owner, out.size,
        out.blocks, out.mtime, out.ctime, out.atime, out.device};

    for (unsigned i = 0; i < PHX_WORDS; i++)
        call->words[i] = words[i];
    call->out_words = PHX_WORDS;
    return PHX_SUCCESS;
}

/* Words 1 to 5 of both setAttributes. */
struct fs_attributes attributes_of(const uint64_t words[PHX_WORDS])
{
    return (struct fs_attributes){.mode = words[1],
        .owner = words[2],
        .mtime = words[3],
        .atime = words[4],
        .size = words[5]};
}

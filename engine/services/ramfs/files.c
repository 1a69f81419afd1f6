/* SPDX-License-Identifier: MIT */
/*
 * Open files: a badge of the endpoint is a number in a table. When nobody holds a
 * badge any more the kernel sets one of 64 bits of a notification, and the files that
 * share the bit are asked about one by one: watching a badge that nobody holds is
 * answered with NotFound.
 *
 * Requests that need what a closed file gives back look at the bits first. A second
 * thread makes sure that somebody looks at all: while there are open files it calls
 * the first one every few milliseconds, which is far cheaper than at every close.
 * Without a clock nobody does, and a closed file waits for the next request.
 */
#include "ramfs.h"

#include "bytes.h"
#include "kernel.stubs.h"
#include "rt/rt.h"
#include "services.capnp.h"

#define FILES_MAX 16384 /* whoever opens without end runs out before this service does */

struct file {
    struct fs_node *node; /* NULL: the place is free */
    char *path;           /* where it was when it was opened, from the root */
    uint32_t path_length;
    uint32_t next_free; /* number + 1 */
};

static struct file *files;
static uint32_t file_count, file_capacity, first_free;
static uint32_t open_count;

static uint64_t gone;     /* notification: badges that nobody holds */
static uint64_t begun;    /* notification: there is an open file again */
static bool looked_after; /* the second thread is about */

#define LOOK_NS UINT64_C(20000000)

/* The second thread: `argument` is a client capability of our own endpoint. */
static void look_after(void *argument)
{
    uint64_t self = (uint64_t)argument;

    for (;;) {
        uint64_t words[PHX_WORDS];
        struct notification_wait_out out;

        if (notification_wait(begun, 1, PHX_FOREVER, &out) < 0)
            return;
        do {
            struct clock_now_out now = {0};

            clock_now(rt_cap("clock"), &now);
            thread_control_sleep(RT_THREAD, now.ns + LOOK_NS);
            words[0] = 0;
        } while (phx_invoke(self, NAMESPACE_OPEN, words, 0) >= 0 && words[0] > 0);
    }
}

const char *files_init(uint64_t account)
{
    struct account_new_notification_out notification = {0};
    struct endpoint_mint_out self = {0};
    uint64_t thread;
    int64_t result = account_new_notification(account, &notification);

    gone = notification.notification;
    if (result >= 0)
        result = account_new_notification(account, &notification);
    begun = notification.notification;
    if (result >= 0)
        result =
            endpoint_mint(ramfs_endpoint, IFACE_NAMESPACE, NAMESPACE_M_OPEN, BADGE_RELAY, 0, &self);
    if (result >= 0 && rt_cap("clock") != 0)
        result = rt_thread(look_after, (void *)self.capability, &thread);
    return result < 0 ? rt_error_text(result) : NULL;
}

static uint64_t badge_of(uint32_t number)
{
    return (uint64_t)number + 1;
}

static struct file *file_of(uint64_t badge)
{
    if (badge == 0 || badge > file_count || files[badge - 1].node == NULL)
        return NULL;
    return &files[badge - 1];
}

static bool place_free(uint32_t *number)
{
    if (first_free != 0) {
        *number = first_free - 1;
        first_free = files[*number].next_free;
        return true;
    }
    if (file_count == file_capacity) {
        uint32_t capacity = file_capacity ? 2 * file_capacity : 64;
        struct file *more =
            capacity > FILES_MAX ? NULL : rt_resize(files, capacity * sizeof *files);

        if (more == NULL)
            return false;
        files = more;
        file_capacity = capacity;
    }
    *number = file_count++;
    return true;
}

static void place_give_back(uint32_t number)
{
    rt_free(files[number].path);
    files[number] = (struct file){.next_free = first_free};
    first_free = number + 1;
}

/* What a File opened so may do; the kernel holds its user to it. */
static uint64_t methods_for(uint64_t flags, bool may_write)
{
    uint64_t methods = FILE_M_ALL & ~(FILE_M_READ | FILE_M_WRITE | FILE_M_SET_ATTRIBUTES);

    if (flags & LX_O_PATH)
        return methods & ~(FILE_M_LIST | FILE_M_MAP | FILE_M_SYNC);
    if ((flags & LX_O_ACCMODE) != LX_O_WRONLY)
        methods |= FILE_M_READ;
    else
        methods &= ~FILE_M_MAP;
    if ((flags & LX_O_ACCMODE) != LX_O_RDONLY)
        methods |= FILE_M_WRITE;
    if (may_write)
        methods |= FILE_M_SET_ATTRIBUTES;
    return methods;
}

int files_add(struct rt_call *call, struct fs_node *node, uint64_t flags, bool may_write,
    const char *path, size_t path_length)
{
    struct endpoint_mint_out file = {0};
    uint32_t number;
    int64_t result;

    if (!place_free(&number))
        return LX_ENFILE;
    files[number] =
        (struct file){.path = rt_copy(path, path_length), .path_length = (uint32_t)path_length};
    result = files[number].path == NULL
                 ? -PHX_OUT_OF_MEMORY
                 : endpoint_mint(ramfs_endpoint, IFACE_FILE, methods_for(flags, may_write),
                       badge_of(number), 0, &file);
    if (result >= 0)
        result = endpoint_watch(ramfs_endpoint, badge_of(number), gone, UINT64_C(1) << number % 64);
    if (result < 0) {
        phx_release(file.capability);
        place_give_back(number);
        return LX_ENFILE;
    }
    files[number].node = node;
    open_count++;
    if (!looked_after)
        notification_signal(begun, 1);
    looked_after = true;
    call->out_cap = file.capability;
    return 0;
}

static void close_if_gone(uint32_t number)
{
    struct fs_node *node = files[number].node;

    if (node == NULL || endpoint_watch(ramfs_endpoint, badge_of(number), gone,
                            UINT64_C(1) << number % 64) != -PHX_NOT_FOUND)
        return;
    place_give_back(number);
    open_count--;
    fs_close(&ramfs, node);
}

void files_look(void)
{
    struct notification_poll_out out = {0};

    if (open_count == 0 || notification_poll(gone, ~UINT64_C(0), &out) < 0)
        return;
    for (; out.bits != 0; out.bits &= out.bits - 1)
        for (uint32_t n = (uint32_t)__builtin_ctzll(out.bits); n < file_count; n += 64)
            close_if_gone(n);
}

unsigned files_relayed(struct rt_call *call)
{
    files_look();
    looked_after = open_count > 0;
    call->words[0] = open_count;
    call->out_words = 1;
    return PHX_SUCCESS;
}

static int do_read(struct rt_call *call, const struct fs_node *node)
{
    static uint8_t buffer[FS_PAGE];
    const uint8_t *bytes;
    int error = fs_read(node, call->words[0], call->words[1], buffer, &bytes, &call->out_length);

    call->out_bytes = bytes;
    call->words[0] = node->size;
    call->out_words = 1;
    return error;
}

static int do_write(struct rt_call *call, struct fs_node *node)
{
    uint64_t offset = call->words[1] ? node->size : call->words[0];
    size_t written;
    int error = fs_write(&ramfs, node, offset, call->bytes, call->length, &written);

    call->words[0] = written;
    call->words[1] = offset + written;
    call->out_words = 2;
    return error;
}

static int do_list(struct rt_call *call, struct fs_node *node)
{
    static uint8_t buffer[FS_PAGE];
    uint64_t next;
    int error = fs_list(node, call->words[0], buffer, sizeof buffer, &call->out_length, &next);

    call->out_bytes = buffer;
    call->words[0] = next;
    call->out_words = 1;
    return error;
}

static int do_map(struct rt_call *call, const struct fs_node *node)
{
    const uint8_t *bytes = fs_boot_bytes(node);

    if (bytes == NULL)
        return LX_EOPNOTSUPP;
    call->out_cap = package_frame(&ramfs_package, bytes, node->size);
    if (call->out_cap == 0)
        return LX_EOPNOTSUPP;
    call->words[0] = (node->size + FS_PAGE - 1) / FS_PAGE;
    call->out_words = 1;
    return 0;
}

static int do_set(struct rt_call *call, struct fs_node *node)
{
    struct fs_attributes attributes = attributes_of(call->words);

    return fs_set(&ramfs, node, (unsigned)call->words[0], &attributes);
}

unsigned files_handle(struct rt_call *call)
{
    struct file *file = file_of(call->badge);
    int error = 0;

    if (file == NULL)
        return PHX_INVALID_CAPABILITY;
    switch (call->method) {
    case FILE_READ:
        error = do_read(call, file->node);
        break;
    case FILE_WRITE:
        error = do_write(call, file->node);
        break;
    case FILE_STATUS:
        return answer_status(call, file->node);
    case FILE_LIST:
        error = do_list(call, file->node);
        break;
    case FILE_MAP:
        error = do_map(call, file->node);
        break;
    case FILE_SET_ATTRIBUTES:
        error = do_set(call, file->node);
        break;
    case FILE_SYNC:
        break;
    case FILE_PATH:
        call->out_bytes = file->path;
        call->out_length = file->path_length;
        break;
    default:
        return PHX_INVALID_SYSCALL;
    }
    if (error == 0)
        return PHX_SUCCESS;
    call->out_length = 0;
    return answer_error(call, error);
}

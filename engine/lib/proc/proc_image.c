/* SPDX-License-Identifier: MIT */
/* An ELF file's segments in a new address space. */
#include "proc/proc.h"

#include "bytes.h"
#include "elf/elf.h"
#include "rt/rt.h"

#define PIECE_PAGES 64 /* copied at a time: a frame is contiguous */
#define PT_GNU_STACK 0x6474e551
#define STACK_PAGES_MAX 64

static uint64_t pages_for(uint64_t bytes)
{
    return (bytes + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;
}

/* One frame: filled through a window of the builder's, then mapped over there. */
static int64_t map_piece(uint64_t space, uint64_t pool, uint64_t address, const void *bytes,
    uint64_t length, uint64_t pages, unsigned protection)
{
    struct frame_pool_alloc_out frame = {0};
    int64_t result = frame_pool_alloc(pool, pages, &frame);
    void *window;

    if (result < 0)
        return result;
    window = rt_window(frame.frame, pages, PHX_PROT_READ | PHX_PROT_WRITE);
    if (window != NULL) {
        memcpy(window, bytes, length);
        rt_window_close(window, pages);
        result = address_space_map(space, frame.frame, address, 0, pages, protection);
    } else {
        result = -PHX_OUT_OF_MEMORY;
    }
    phx_release(frame.frame);
    return result;
}

int64_t proc_map_copy(uint64_t space, uint64_t pool, uint64_t address, const void *bytes,
    uint64_t length, uint64_t pages, unsigned protection)
{
    uint64_t with_bytes = pages_for(length);
    const uint8_t *from = bytes;

    for (uint64_t done = 0; done < with_bytes; done += PIECE_PAGES) {
        uint64_t left = length - done * PHX_PAGE_SIZE;
        uint64_t piece = with_bytes - done < PIECE_PAGES ? with_bytes - done : PIECE_PAGES;
        int64_t result =
            map_piece(space, pool, address + done * PHX_PAGE_SIZE, from + done * PHX_PAGE_SIZE,
                left < piece * PHX_PAGE_SIZE ? left : piece * PHX_PAGE_SIZE, piece, protection);

        if (result < 0)
            return result;
    }
    if (with_bytes >= pages)
        return 0;
    return rt_populate(
        space, pool, address + with_bytes * PHX_PAGE_SIZE, pages - with_bytes, protection);
}

static unsigned protection_of(const struct elf_segment *segment)
{
    return (segment->flags & ELF_READ ? PHX_PROT_READ : 0) |
           (segment->flags & ELF_WRITE ? PHX_PROT_WRITE : 0) |
           (segment->flags & ELF_EXECUTE ? PHX_PROT_EXECUTE | PHX_PROT_READ : 0);
}

/* Constants and text: the file's own pages. What else lies in the first and last of
 * them is other bytes of the same file, which are no secret. */
static int64_t map_shared(
    uint64_t space, const struct proc_image *image, const struct elf_segment *segment)
{
    uint64_t slack = segment->address % PHX_PAGE_SIZE;

    return address_space_map(space, image->frame, segment->address - slack,
        (segment->offset - slack) / PHX_PAGE_SIZE, pages_for(slack + segment->memory_size),
        protection_of(segment));
}

/* Data: its bytes copied, behind as many zeroes as the page begins with. */
static int64_t map_private(uint64_t space, uint64_t pool, const struct proc_image *image,
    const struct elf_segment *segment)
{
    uint64_t slack = segment->address % PHX_PAGE_SIZE;
    const uint8_t *from = image->bytes + segment->offset - slack;

    return proc_map_copy(space, pool, segment->address - slack, from,
        segment->file_size == 0 ? 0 : slack + segment->file_size,
        pages_for(slack + segment->memory_size), protection_of(segment));
}

static int64_t load_segments(
    uint64_t space, uint64_t pool, const struct proc_image *image, const struct elf_info *info)
{
    struct elf_segment segment;

    for (unsigned at = 0; elf_segment(info, &at, &segment);) {
        bool shared = !(segment.flags & ELF_WRITE) && segment.file_size == segment.memory_size;
        int64_t result =
            shared ? map_shared(space, image, &segment) : map_private(space, pool, image, &segment);

        if (result < 0)
            return result;
    }
    return 0;
}

/* What the linker was told by -z stack-size. elf_check() has seen that the headers are
 * in the image. */
static uint64_t stack_pages(const struct elf_info *info)
{
    struct elf_segment header;

    for (unsigned i = 0; i < info->phdr_count; i++) {
        memcpy(&header, info->image + info->phdr_offset + i * sizeof header, sizeof header);
        if (header.type == PT_GNU_STACK)
            return header.memory_size / PHX_PAGE_SIZE + (header.memory_size % PHX_PAGE_SIZE != 0);
    }
    return 0;
}

int64_t proc_load(uint64_t space, uint64_t pool, const struct proc_image *image,
    struct proc_loaded *loaded, const char **reason)
{
    struct elf_info info;
    int64_t result;

    *reason = elf_check(image->bytes, image->size, &info);
    if (*reason)
        return -PHX_INVALID_FORMAT;
    *reason = "a native program has a fixed address, separate pages for each segment, and none "
              "that is both writable and executable";
    if (info.relocatable || info.shared_page || info.write_execute)
        return -PHX_INVALID_FORMAT;
    *loaded = (struct proc_loaded){info.entry, stack_pages(&info)};
    *reason = "it asks for a stack of more than 64 pages";
    if (loaded->stack_pages > STACK_PAGES_MAX)
        return -PHX_TOO_BIG;
    result = load_segments(space, pool, image, &info);
    *reason = "its image does not fit into its memory";
    return result;
}

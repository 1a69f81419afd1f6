/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "kernel.stubs.h"
#include "lock.h"

struct caps caps;
const char *program_name = "libos";
uint64_t program_pid;
void (*process_ending)(unsigned status);

static const uint8_t errors[PHX_ERROR_COUNT] = {
    [PHX_INVALID_SYSCALL] = E_NOSYS,
    [PHX_INVALID_CAPABILITY] = E_BADF,
    [PHX_PERMISSION_DENIED] = E_ACCES,
    [PHX_OUT_OF_MEMORY] = E_NOMEM,
    [PHX_INVALID_ARGUMENT] = E_INVAL,
    [PHX_WOULD_BLOCK] = E_AGAIN,
    [PHX_TIMEOUT] = E_TIMEDOUT,
    [PHX_INTERRUPTED] = E_INTR,
    [PHX_NOT_FOUND] = E_NOENT,
    [PHX_INVALID_FORMAT] = E_IO,
    [PHX_IO_ERROR] = E_IO,
    [PHX_TOO_MANY_PROCESSES] = E_AGAIN,
    [PHX_NO_CHILD] = E_CHILD,
    [PHX_BAD_ADDRESS] = E_FAULT,
    [PHX_REVOKED] = E_BADF,
    [PHX_DEPTH_EXCEEDED] = E_NOBUFS,
    [PHX_NOT_ACCEPTED] = E_IO,
    [PHX_CONSUMED] = E_ACCES,
    [PHX_LIMIT_EXCEEDED] = E_NOMEM,
    [PHX_DISCONNECTED] = E_IO,
    [PHX_CANCELLED] = E_INTR,
    [PHX_DEADLOCK] = E_IO,
    [PHX_EXISTS] = E_EXIST,
    [PHX_TOO_BIG] = E_FBIG,
    [PHX_INVALID_STATE] = E_INVAL,
    [PHX_NOT_SUPPORTED] = E_OPNOTSUPP,
};

int64_t error_of(int64_t result, uint64_t detail)
{
    if (result >= 0)
        return 0;
    if (detail != 0 && detail < 4096)
        return -(int64_t)detail;
    return result > -PHX_ERROR_COUNT ? -(int64_t)errors[-result] : -E_IO;
}

int64_t sys_populate(uint64_t address, uint64_t pages, uint32_t protection)
{
    struct address_space_populate_out out = {0};
    int64_t e = address_space_populate(caps.space, caps.pool, address, pages, protection, &out);

    return e < 0 ? error_of(e, 0) : (int64_t)out.pages;
}

int64_t sys_map(uint64_t frame, uint64_t address, uint64_t offset, uint64_t pages,
                uint32_t protection)
{
    return error_of(address_space_map(caps.space, frame, address, offset, pages, protection), 0);
}

int64_t sys_unmap(uint64_t address, uint64_t pages)
{
    return error_of(address_space_unmap(caps.space, address, pages), 0);
}

int64_t sys_protect(uint64_t address, uint64_t pages, uint32_t protection)
{
    return error_of(address_space_protect(caps.space, address, pages, protection), 0);
}

int64_t sys_frame(uint64_t pages, uint64_t *frame)
{
    struct frame_pool_alloc_out out = {0};
    int64_t e = frame_pool_alloc(caps.pool, pages, &out);

    *frame = e < 0 ? 0 : out.frame;
    return error_of(e, 0);
}

void sys_memory(uint64_t *free_pages, uint64_t *total_pages)
{
    struct frame_pool_info_out out = {0};

    if (frame_pool_info(caps.pool, &out) < 0)
        out.free = out.total = 0;
    *free_pages = out.free;
    *total_pages = out.total;
}

void sys_release(uint64_t capability)
{
    phx_release(capability);
}

void lock_yield(void)
{
    thread_control_yield(caps.control);
}

#define LINE 512

static void log_line(const char *line)
{
    size_t length = strlen(line);

    for (size_t at = 0; caps.log != 0 && at < length; at += PHX_LOG_LINE)
        log_write(caps.log, (uint64_t)line + at,
            length - at < PHX_LOG_LINE ? length - at : PHX_LOG_LINE);
}

void libos_log(const char *format, ...)
{
    char line[LINE];
    va_list arguments;

    va_start(arguments, format);
    vfmt(line, sizeof(line), format, arguments);
    va_end(arguments);
    log_line(line);
}

void program_log(const char *format, ...)
{
    char line[LINE];
    size_t n = fmt(line, sizeof(line), "%s[%lu]: ", program_name, program_pid);
    va_list arguments;

    if (n > LINE / 2)
        n = LINE / 2;
    va_start(arguments, format);
    vfmt(line + n, sizeof(line) - n, format, arguments);
    va_end(arguments);
    log_line(line);
}

void program_error(const char *format, ...)
{
    char line[LINE];
    va_list arguments;
    struct console_write_out out = {0};

    va_start(arguments, format);
    vfmt(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (caps.streams[2] != 0)
        console_write(caps.streams[2], (uint64_t)line, strlen(line), &out);
}

void process_end(unsigned status)
{
    void (*ending)(unsigned status) = process_ending;

    if (ending != NULL)
        ending(status);
    for (;;)
        process_exit(caps.process, status);
}

/* SPDX-License-Identifier: MIT */
/*
 * init: the first process, and the only one that the kernel builds.
 *
 *   needs      account pool console power log bootPackage, and what it hands on
 *
 * It looks at the manifest again, and then does what it says: either it starts the
 * services, each with exactly the named grants, and starts again those that end
 * and should not; or (`run`) it starts one Linux program, with a memory file system
 * if there are files, and turns the machine off with the program's status.
 *
 * Accounts: a service with limits of its own gets a child account; its "pool" is
 * always one of the account that pays for it. Every other source is init's own
 * capability of that name, with the methods that the grant lists.
 */
#include "init.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "rt/rt.h"

struct package package;

void complain(const char *format, ...)
{
    char text[512];
    struct console_stream_out errors = {0};
    va_list arguments;
    size_t length;

    va_start(arguments, format);
    length = vfmt(text, sizeof text - 1, format, arguments);
    va_end(arguments);
    if (length > sizeof text - 2)
        length = sizeof text - 2;
    rt_log("%s", text);
    text[length++] = '\n';
    if (rt_cap("console") == 0 || console_stream(rt_cap("console"), 2, &errors) < 0)
        return;
    rt_write(errors.console, "phoenix: ", 9);
    rt_write(errors.console, text, length);
    phx_release(errors.console);
}

_Noreturn void power_off(unsigned status)
{
    power_shutdown(rt_cap("power"), status);
    rt_exit((int)status);
}

bool process_ended(uint64_t process, uint64_t *status, uint64_t *fault_address)
{
    struct process_status_out out = {0};

    if (process_status(process, &out) < 0 || out.state != 3)
        return false;
    *status = out.status;
    *fault_address = out.fault_address;
    return true;
}

static bool is_granted(const char *name)
{
    return rt_cap(name) != 0;
}

int main(void)
{
    char why[CHECK_TEXT];
    const char *problem = package_open(&package, rt_cap("bootPackage"));
    bool run;

    rt_program = "init";
    if (problem != NULL) {
        complain("manifest refused: bootPackage: %s", problem);
        power_off(STATUS_PHOENIX);
    }
    run = system_manifest_has_run(package.manifest);
    if (!manifest_check(&package.message, run ? 0 : MANIFEST_HASHES, is_granted, why)) {
        complain("manifest refused: %s", why);
        power_off(STATUS_PHOENIX);
    }
    package_reopen(&package);
    tell_date();
    if (run)
        run_program_only();
    run_services();
}

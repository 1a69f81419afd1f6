/* SPDX-License-Identifier: MIT */
/*
 * `caps PID` and `revoke`: what processes hold, and taking it from them.
 *
 * All holds of all processes that the launcher shows are gathered first, because the
 * tree goes across them: a row stands below the one from whose node it was derived,
 * whichever process has that. What happens meanwhile is seen or not.
 */
#include "shell.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "rt/rt.h"
#include "services.stubs.h"

#define DEPTH_MAX 16 /* of nodes: docs/ARCHITECTURE.md, "The node" */
#define NAME_ROOM 64
#define INDENT 34

struct process {
    uint64_t pid;
    uint64_t process; /* 0: it may not be looked at */
    char name[NAME_ROOM];
};

struct row {
    const struct process *of;
    const struct row *parent; /* NULL: none, or none that can be seen */
    struct phx_hold hold;
};

static struct process *processes;
static struct row *rows;
static size_t process_count, row_count;

/* --- gathering ------------------------------------------------------------------------ */

static void forget(void)
{
    for (size_t i = 0; i < process_count; i++)
        phx_release(processes[i].process);
    rt_free(processes);
    rt_free(rows);
    processes = NULL;
    rows = NULL;
    process_count = row_count = 0;
}

/* Room for one more: the array doubles at each power of two. */
static bool room(void **array, size_t count, size_t size)
{
    void *larger;

    if (count != 0 && (count < 16 || (count & (count - 1)) != 0))
        return true;
    larger = rt_resize(*array, (count < 16 ? 16 : count * 2) * size);
    if (larger == NULL)
        return false;
    *array = larger;
    return true;
}

static int64_t gather_rows(const struct process *p)
{
    struct phx_hold piece[PHX_HOLDS];
    struct process_holds_out out = {0};

    do {
        int64_t result = process_holds(p->process, out.next, (uint64_t)piece, &out);

        if (result < 0)
            return result;
        for (uint64_t i = 0; i < out.count; i++) {
            if (!room((void **)&rows, row_count, sizeof *rows))
                return -PHX_OUT_OF_MEMORY;
            rows[row_count++] = (struct row){.of = p, .hold = piece[i]};
        }
    } while (out.next != 0);
    return 0;
}

static int64_t gather_processes(uint64_t launcher)
{
    struct launcher_list_out out = {0};
    char name[256];
    size_t length;

    while (launcher_list(launcher, out.next, name, sizeof name, &length, &out) >= 0) {
        struct process *p;

        if (!room((void **)&processes, process_count, sizeof *processes))
            return -PHX_OUT_OF_MEMORY;
        p = &processes[process_count++];
        *p = (struct process){.pid = out.pid};
        fmt(p->name, sizeof p->name, "%.*s", (int)length, name);
        int64_t result = launcher_process(launcher, p->pid, &p->process);
        if (result < 0 && result != -PHX_NOT_FOUND)
            return result;
    }
    return 0;
}

static const struct row *row_with_node(uint64_t down)
{
    for (size_t i = 0; down != 0 && i < row_count; i++)
        if (rows[i].hold.down == down)
            return &rows[i];
    return NULL;
}

/* Of a hold whose parent was let go of, the one above that, if it is still there. */
static void find_parents(void)
{
    for (size_t i = 0; i < row_count; i++) {
        struct row *r = &rows[i];

        if (r->hold.above == 0)
            continue;
        r->parent = row_with_node(r->hold.up);
        if (r->parent == NULL)
            r->parent = row_with_node(r->hold.above);
    }
}

static int64_t gather(uint64_t launcher)
{
    int64_t result;

    forget();
    result = gather_processes(launcher);
    for (size_t i = 0; i < process_count && result >= 0; i++)
        if (processes[i].process != 0 && gather_rows(&processes[i]) == -PHX_OUT_OF_MEMORY)
            result = -PHX_OUT_OF_MEMORY; /* other errors: it died meanwhile */
    if (result >= 0)
        find_parents();
    return result;
}

/* --- the tree -------------------------------------------------------------------------- */

static unsigned index_of(const struct row *r)
{
    return PHX_ID_INDEX(r->hold.id);
}

/* How many can be seen below a row. */
static size_t count_below(const struct row *r, unsigned depth)
{
    size_t count = 0;

    for (size_t i = 0; depth < DEPTH_MAX && i < row_count; i++)
        if (rows[i].parent == r)
            count += 1 + count_below(&rows[i], depth + 1);
    return count;
}

/* What the badge and the counter say; "" if nothing. */
static void details(const struct phx_hold *h, char *text, size_t size)
{
    char range[RT_RANGE_TEXT];
    size_t used = 0;

    text[0] = 0;
    if (rt_range_text(h->interface, h->badge, range, sizeof range))
        used = fmt(text, size, " %s", range);
    else if (h->interface == IFACE_FRAME)
        used = fmt(text, size, " %lu pages", h->badge & 0xffffffff);
    else if (h->badge != 0 && h->interface != IFACE_REPLY)
        used = fmt(text, size, h->badge >> 32 != 0 ? " badge 0x%lx" : " badge %lu", h->badge);
    if (h->uses != ~UINT64_C(0) && used < size)
        used += fmt(text + used, size - used, " %lu uses", h->uses);
    if (h->dead && used < size)
        fmt(text + used, size - used, " revoked");
}

static void show_row(const struct row *r, const struct process *of, unsigned depth)
{
    char place[NAME_ROOM + 40], what[80], text[200];
    size_t column;

    if (r->of == of)
        fmt(place, sizeof place, "#%u", index_of(r));
    else
        fmt(place, sizeof place, "%s(%lu)#%u", r->of->name, r->of->pid, index_of(r));
    details(&r->hold, what, sizeof what);
    column = fmt(text, sizeof text, "%*s%-6s %s%s", (int)(2 * depth), "", place,
        rt_interface_name(r->hold.interface), what);
    rt_print("%-*s", INDENT, text);
    rt_show_authority(r->hold.interface, r->hold.methods, column < INDENT ? INDENT : column);
}

static void show_below(const struct row *r, const struct process *of, unsigned depth)
{
    bool any = false;

    if (r->hold.down == 0 || depth > DEPTH_MAX)
        return;
    for (size_t i = 0; i < row_count; i++) {
        if (rows[i].parent != r)
            continue;
        any = true;
        show_row(&rows[i], of, depth);
        show_below(&rows[i], of, depth + 1);
    }
    if (!any)
        rt_print("%*s(a node: nothing below it can be seen)\n", (int)(2 * depth), "");
}

/* A row of the process that stands below none of its own. */
static void show_top(const struct row *r)
{
    const struct row *parent = r->parent;

    if (parent != NULL && parent->of == r->of)
        return;
    show_row(r, r->of, 0);
    if (parent != NULL)
        rt_print("       from %s(%lu)#%u\n", parent->of->name, parent->of->pid, index_of(parent));
    else if (r->hold.above != 0)
        rt_print("       from a hold that is gone or not to be seen, %u deep\n", r->hold.depth);
    show_below(r, r->of, 1);
}

/* --- what both commands begin with -------------------------------------------------------- */

/* NULL, and one line. */
static const struct process *look_at(const char *command, const char *pid)
{
    uint64_t launcher = rt_cap("launcher"), number;
    int64_t result;

    if (!rt_number(pid, &number)) {
        say_wrong("%s: `%s` is no number of a process; see `ps`", command, pid);
        return NULL;
    }
    if (launcher == 0) {
        say_wrong("%s: this shell was not handed `launcher`", command);
        return NULL;
    }
    result = gather(launcher);
    if (result < 0) {
        say_wrong("%s: %s", command, result == -PHX_PERMISSION_DENIED
            ? "this shell may not look at what other processes hold" : rt_error_text(result));
        return NULL;
    }
    for (size_t i = 0; i < process_count; i++)
        if (processes[i].pid == number && processes[i].process != 0)
            return &processes[i];
    say_wrong("%s: no process has the number %lu; see `ps`", command, number);
    return NULL;
}

static void caps_of(const char *pid)
{
    const struct process *p = look_at("caps", pid);
    size_t count = 0;

    for (size_t i = 0; p != NULL && i < row_count; i++)
        count += rows[i].of == p;
    if (p != NULL)
        rt_print("%s(%lu): %lu holds\n", p->name, p->pid, count);
    for (size_t i = 0; p != NULL && i < row_count; i++)
        if (rows[i].of == p)
            show_top(&rows[i]);
    forget();
}

void caps_command(size_t count, char **words)
{
    if (count > 2)
        say_wrong("caps: takes one number of a process, or nothing");
    else if (count == 2)
        caps_of(words[1]);
    else
        rt_show_capabilities();
}

/* --- revoke --------------------------------------------------------------------------------- */

static const struct row *row_at(const struct process *p, uint64_t index)
{
    for (size_t i = 0; i < row_count; i++)
        if (rows[i].of == p && index_of(&rows[i]) == index)
            return &rows[i];
    return NULL;
}

/* Of a hold that may not revoke only the row is taken. */
static void revoke_row(const struct process *p, const struct row *r, bool below)
{
    const char *interface = rt_interface_name(r->hold.interface);
    bool may = (r->hold.methods & CAPABILITY_M_REVOKE) != 0;
    size_t count = count_below(r, 0);
    int64_t result = process_revoke(p->process, r->hold.id, below ? 0 : 1);

    if (result == -PHX_PERMISSION_DENIED && below)
        say_wrong("revoke: %s(%lu)#%u %s may not revoke; without --below the hold itself goes",
            p->name, p->pid, index_of(r), interface);
    else if (result < 0)
        say_wrong("revoke: %s(%lu)#%u: %s", p->name, p->pid, index_of(r),
            result == -PHX_NOT_FOUND ? "it is gone" : rt_error_text(result));
    else if (below)
        rt_print("revoked: %lu below %s(%lu)#%u %s\n", count, p->name, p->pid, index_of(r),
            interface);
    else if (may)
        rt_print("revoked: %s(%lu)#%u %s, and %lu below it\n", p->name, p->pid, index_of(r),
            interface, count);
    else
        rt_print("released: %s(%lu)#%u %s, which may not revoke: %lu below it live on\n", p->name,
            p->pid, index_of(r), interface, count);
}

void revoke_command(size_t count, char **words)
{
    bool below = count > 1 && rt_equal(words[1], "--below");
    char **arguments = words + 1 + below;
    const struct process *p;
    const struct row *r;
    uint64_t index;

    if (count != (below ? 4u : 3u)) {
        say_wrong("revoke: takes the number of a process and of a hold; see `caps PID`");
        return;
    }
    const char *number = arguments[1][0] == '#' ? arguments[1] + 1 : arguments[1];
    if (!rt_number(number, &index)) {
        say_wrong("revoke: `%s` is no number of a hold; see `caps PID`", arguments[1]);
        return;
    }
    p = look_at("revoke", arguments[0]);
    r = p != NULL ? row_at(p, index) : NULL;
    if (p != NULL && r == NULL)
        say_wrong("revoke: %s(%lu) has no hold #%lu; see `caps %lu`", p->name, p->pid, index,
            p->pid);
    else if (p != NULL)
        revoke_row(p, r, below);
    forget();
}

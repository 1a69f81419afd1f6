/* SPDX-License-Identifier: MIT */
/* JSON into a package; see read.h. */
#include "read.h"

#include "manifest/names.h"
#include "place.h"
#include "refuse.h"
#include "slots.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define COUNT_MAX UINT64_C(1000000000000)
#define MODE_MAX 07777

static const char *folder; /* where relative names of files start */

static const char *const type_names[] = {"null", "true or false", "a whole number",
    "a whole number that is not too large", "a text", "a list", "an object"};

static const struct json *expect(const struct json *v, enum json_type type)
{
    if (v->type != type)
        refuse_at(json_path(v, NULL), "%s is expected", type_names[type]);
    return v;
}

/* A member of that kind; NULL if it is missing. */
static const struct json *optional(
    const struct json *object, const char *name, enum json_type type)
{
    const struct json *v = json_member(object, name);

    return v ? expect(v, type) : NULL;
}

static const struct json *required(
    const struct json *object, const char *name, enum json_type type)
{
    const struct json *v = optional(object, name, type);

    if (!v)
        refuse_at(json_path(object, NULL), "`%s` is missing; %s is expected", name,
            type_names[type]);
    return v;
}

/* Refuse members other than these (NULL ends), and what cue.js says beside a manifest. */
static void only(const struct json *object, const char *const *names)
{
    for (const struct json *v = object->items; v; v = v->next) {
        const char *const *name = names;
        char *all = must_copy("");

        while (*name && strcmp(*name, v->name) != 0)
            name++;
        for (const char *const *n = names; *n; n++)
            all = must_format("%s%s%s", all, *all ? ", " : "", *n);
        if (!*name && (object->parent || strcmp(v->name, "cue") != 0))
            refuse_at(json_path(v, NULL), "no such field; there are %s", all);
    }
}
#define ONLY(object, ...)                                                                          \
    only(expect(object, JSON_OBJECT), (const char *const[]){__VA_ARGS__, NULL})

static char *text_of(const struct json *object, const char *name)
{
    return required(object, name, JSON_TEXT)->text;
}

/* What may be called by it elsewhere in the manifest. */
static char *name_of(const struct json *object, const char *name)
{
    const struct json *v = required(object, name, JSON_TEXT);

    if (!name_is_good(v->text, strlen(v->text)))
        refuse_at(json_path(v, NULL), "`%s` is no name; " NAME_RULE, v->text);
    return v->text;
}

/* The same, or `missing` if it is not there. */
static char *name_or(const struct json *object, const char *name, char *missing)
{
    return json_member(object, name) ? name_of(object, name) : missing;
}

static uint64_t number_of(
    const struct json *object, const char *name, uint64_t missing, uint64_t most)
{
    const struct json *v = optional(object, name, JSON_NUMBER);

    if (v && (v->number < 0 || (uint64_t)v->number > most))
        refuse_at(json_path(v, NULL), "%" PRId64 "; a number from 0 to %" PRIu64 " is expected",
            v->number, most);
    return v ? (uint64_t)v->number : missing;
}

static struct strings strings_of(const struct json *object, const char *name)
{
    const struct json *list = optional(object, name, JSON_LIST);
    struct strings strings = {NULL, 0};

    for (const struct json *v = list ? list->items : NULL; v; v = v->next)
        strings_add(&strings, expect(v, JSON_TEXT)->text);
    return strings;
}

static bool is_true(const struct json *object, const char *name)
{
    const struct json *v = optional(object, name, JSON_BOOL);

    return v && v->truth;
}

static size_t count(const struct json *list)
{
    size_t n = 0;

    for (const struct json *v = list ? list->items : NULL; v; v = v->next)
        n++;
    return n;
}

/* --- files of the host ------------------------------------------------------------ */

/* What a "file" names, under the folder of files unless it is absolute. */
static char *file_of(const struct json *object, char **what, struct stat *status)
{
    const struct json *v = required(object, "file", JSON_TEXT);
    char *path = v->text[0] == '/' ? v->text : must_format("%s/%s", folder, v->text);

    *what = place(json_path(v, NULL));
    if (stat(path, status) != 0)
        refuse_at(json_path(v, NULL), "cannot read %s: %s; a file of this host is expected%s%s",
            path, strerror(errno), path == v->text ? "" : ", absolute or from ",
            path == v->text ? "" : folder);
    return path;
}

static struct blob *binary_of(const struct json *object)
{
    struct stat status;
    char *what, *path = file_of(object, &what, &status);

    return blob_of_file(path, what);
}

/* A file of a tree keeps its holes. */
static struct blob *content_of(const struct json *object)
{
    struct stat status;
    char *what, *path = file_of(object, &what, &status);

    return blob_of_tree(path, &status, what);
}

/* --- the parts of a manifest ------------------------------------------------------ */

static struct grant read_grant(const struct json *v)
{
    char *name;

    ONLY(v, "name", "source", "methods", "first", "count");
    name = name_of(v, "name");
    return (struct grant){name, name_or(v, "source", name), strings_of(v, "methods"),
        number_of(v, "first", 0, UINT32_MAX), number_of(v, "count", 0, UINT32_MAX)};
}

static struct service read_service(const struct json *v)
{
    const struct json *grants;
    struct service service;
    char *name;
    size_t i = 0;

    ONLY(v, "name", "binary", "arguments", "grants", "provides", "pages", "holds", "threads",
        "restart");
    name = name_of(v, "name");
    grants = optional(v, "grants", JSON_LIST);
    service = (struct service){
        .name = name,
        .binary = name_or(v, "binary", name),
        .arguments = strings_of(v, "arguments"),
        .grants = must_allocate((count(grants) + 1) * sizeof(struct grant)),
        .grant_count = count(grants),
        .provides = strings_of(v, "provides"),
        .pages = number_of(v, "pages", 0, COUNT_MAX),
        .holds = number_of(v, "holds", 0, COUNT_MAX),
        .threads = number_of(v, "threads", 0, COUNT_MAX),
        .restart = is_true(v, "restart"),
    };
    for (const struct json *g = grants ? grants->items : NULL; g; g = g->next)
        service.grants[i++] = read_grant(g);
    return service;
}

static void read_file(struct package *package, const struct json *v)
{
    const struct json *text, *target, *directory;
    char *what = place(json_path(v, "path"));
    uint32_t mode;
    struct tree_node *node;

    ONLY(v, "path", "mode", "file", "text", "target", "folder");
    text = optional(v, "text", JSON_TEXT);
    target = optional(v, "target", JSON_TEXT);
    directory = optional(v, "folder", JSON_BOOL);
    if (!!json_member(v, "file") + !!text + !!target + !!directory != 1 ||
        (directory && !directory->truth))
        refuse_at(json_path(v, NULL), "one of these is expected: `file`, `text`, `target`, or "
                                      "`folder: true`");
    node = tree_node_at(package->tree, text_of(v, "path"), what);
    mode = (uint32_t)number_of(v, "mode", directory ? 0755 : 0644, MODE_MAX);
    if (target) {
        tree_give(node, S_IFLNK | 0777, what);
        node->target = target->text;
    } else if (directory) {
        tree_give(node, S_IFDIR | mode, what);
    } else {
        tree_give(node, S_IFREG | mode, what);
        node->blob = text ? blob_of_text(text->text) : content_of(v);
    }
}

static struct run *read_run(const struct json *v)
{
    const struct json *directory;
    struct run *run;

    if (!v)
        return NULL;
    ONLY(v, "program", "arguments", "environment", "directory", "scratch", "traceCalls", "stats");
    directory = optional(v, "directory", JSON_TEXT);
    run = must_allocate(sizeof *run);
    *run = (struct run){name_of(v, "program"), strings_of(v, "arguments"),
        strings_of(v, "environment"), directory ? directory->text : must_copy("/"),
        number_of(v, "scratch", 0, COUNT_MAX), is_true(v, "traceCalls"), is_true(v, "stats")};
    return run;
}

static void read_time(struct package *package, const struct json *v)
{
    if (!v)
        return;
    ONLY(v, "slots", "length");
    package->slots = number_of(v, "slots", 1, SLOTS_MAX);
    package->slot_length = number_of(v, "length", SLOT_NS, SLOT_NS_MAX);
    if (package->slots == 0 || package->slot_length < SLOT_NS_MIN)
        refuse_at("time", "at least one slot is expected, of 100000 ns or more");
}

static void read_lists(struct package *package, const struct json *top)
{
    const struct json *services = optional(top, "services", JSON_LIST);
    const struct json *binaries = required(top, "binaries", JSON_LIST);
    const struct json *files = optional(top, "files", JSON_LIST);

    package->services = must_allocate((count(services) + 1) * sizeof *package->services);
    for (const struct json *v = services ? services->items : NULL; v; v = v->next)
        package->services[package->service_count++] = read_service(v);
    for (const struct json *v = binaries->items; v; v = v->next) {
        ONLY(v, "name", "file");
        package_add_binary(package, name_of(v, "name"), binary_of(v));
    }
    if (count(files))
        package->tree = tree_new();
    for (const struct json *v = files ? files->items : NULL; v; v = v->next)
        read_file(package, v);
}

struct package *package_read(const char *file, const char *text, size_t length, const char *files)
{
    const struct json *top = json_parse(file, text, length), *init, *cue, *refused;
    struct package *package = must_allocate(sizeof *package);

    folder = files;
    place_open(file, top);
    ONLY(top, "version", "name", "init", "services", "binaries", "files", "run", "time");
    if (required(top, "version", JSON_NUMBER)->number != 1)
        refuse_at("version", "1 is expected");
    package->name = name_of(top, "name");
    init = required(top, "init", JSON_OBJECT);
    ONLY(init, "binary", "capabilities");
    package->init_binary = name_of(init, "binary");
    package->init_capabilities = strings_of(init, "capabilities");
    read_lists(package, top);
    package->run = read_run(optional(top, "run", JSON_OBJECT));
    read_time(package, optional(top, "time", JSON_OBJECT));
    if ((cue = json_member(top, "cue")) && (refused = json_member(cue, "refused")))
        package->refused = expect(refused, JSON_TEXT)->text;
    return package;
}

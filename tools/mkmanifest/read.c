/* SPDX-License-Identifier: MIT */
/* JSON into a package; see read.h. */
#include "read.h"

#include "json.h"
#include "refuse.h"

#include <errno.h>
#include <string.h>

/* What every part here reads from. */
struct source {
    const char *file, *folder;
};

static const char *const type_names[] = {
    "null", "true or false", "a whole number", "a text", "a list", "an object"};

static const struct json *expect(const struct source *s, const struct json *v, enum json_type type)
{
    if (v->type != type)
        refuse("%s:%u: %s: %s is expected", s->file, v->line, json_path(v, NULL), type_names[type]);
    return v;
}

/* A member of that kind; NULL if it is missing. */
static const struct json *optional(
    const struct source *s, const struct json *object, const char *name, enum json_type type)
{
    const struct json *v = json_member(object, name);

    return v ? expect(s, v, type) : NULL;
}

static const struct json *required(
    const struct source *s, const struct json *object, const char *name, enum json_type type)
{
    const struct json *v = optional(s, object, name, type);

    if (!v)
        refuse("%s:%u: %s is missing", s->file, object->line, json_path(object, name));
    return v;
}

/* Refuse members other than these (NULL ends). */
static void only(const struct source *s, const struct json *object, const char *const *names)
{
    for (const struct json *v = object->items; v; v = v->next) {
        const char *const *name = names;

        while (*name && strcmp(*name, v->name) != 0)
            name++;
        if (!*name)
            refuse("%s:%u: %s: no such field", s->file, v->line, json_path(v, NULL));
    }
}
#define ONLY(s, object, ...) only(s, object, (const char *const[]){__VA_ARGS__, NULL})

static char *text_of(const struct source *s, const struct json *object, const char *name)
{
    return required(s, object, name, JSON_TEXT)->text;
}

static uint64_t number_of(
    const struct source *s, const struct json *object, const char *name, uint64_t missing)
{
    const struct json *v = optional(s, object, name, JSON_NUMBER);

    if (v && v->number < 0)
        refuse("%s:%u: %s is negative", s->file, v->line, json_path(v, NULL));
    return v ? (uint64_t)v->number : missing;
}

static struct strings strings_of(
    const struct source *s, const struct json *object, const char *name)
{
    const struct json *list = optional(s, object, name, JSON_LIST);
    struct strings strings = {NULL, 0};

    for (const struct json *v = list ? list->items : NULL; v; v = v->next)
        strings_add(&strings, expect(s, v, JSON_TEXT)->text);
    return strings;
}

static bool is_true(const struct source *s, const struct json *object, const char *key)
{
    const struct json *v = optional(s, object, key, JSON_BOOL);

    return v && v->truth;
}

static size_t count(const struct json *list)
{
    size_t n = 0;

    for (const struct json *v = list ? list->items : NULL; v; v = v->next)
        n++;
    return n;
}

/* What a "file" names, under the folder of files unless it is absolute. */
static char *file_of(const struct source *s, const struct json *object, char **what)
{
    const struct json *v = required(s, object, "file", JSON_TEXT);

    *what = must_format("%s:%u: %s", s->file, v->line, json_path(v, NULL));
    return v->text[0] == '/' ? v->text : must_format("%s/%s", s->folder, v->text);
}

static struct blob *binary_of(const struct source *s, const struct json *object)
{
    char *what, *path = file_of(s, object, &what);

    return blob_of_file(path, what);
}

/* A file of a tree keeps its holes. */
static struct blob *content_of(const struct source *s, const struct json *object)
{
    char *what, *path = file_of(s, object, &what);
    struct stat status;

    if (stat(path, &status) != 0)
        refuse("%s: cannot read %s: %s", what, path, strerror(errno));
    return blob_of_tree(path, &status, what);
}

static struct grant read_grant(const struct source *s, const struct json *v)
{
    ONLY(s, expect(s, v, JSON_OBJECT), "name", "source", "methods");
    return (struct grant){
        text_of(s, v, "name"), text_of(s, v, "source"), strings_of(s, v, "methods")};
}

static struct service read_service(const struct source *s, const struct json *v)
{
    const struct json *grants;
    struct service service;
    size_t i = 0;

    ONLY(s, expect(s, v, JSON_OBJECT), "name", "binary", "arguments", "grants", "provides", "pages",
        "holds", "threads", "restart");
    grants = optional(s, v, "grants", JSON_LIST);
    service = (struct service){
        .name = text_of(s, v, "name"),
        .binary = text_of(s, v, "binary"),
        .arguments = strings_of(s, v, "arguments"),
        .grants = must_allocate((count(grants) + 1) * sizeof(struct grant)),
        .grant_count = count(grants),
        .provides = strings_of(s, v, "provides"),
        .pages = number_of(s, v, "pages", 0),
        .holds = number_of(s, v, "holds", 0),
        .threads = number_of(s, v, "threads", 0),
        .restart = is_true(s, v, "restart"),
    };
    for (const struct json *g = grants ? grants->items : NULL; g; g = g->next)
        service.grants[i++] = read_grant(s, g);
    return service;
}

static void read_file(const struct source *s, struct package *package, const struct json *v)
{
    const struct json *text, *target, *folder;
    char *what = must_format("%s:%u: %s", s->file, v->line, json_path(v, NULL));
    uint32_t mode;
    struct tree_node *node;

    ONLY(s, expect(s, v, JSON_OBJECT), "path", "mode", "file", "text", "target", "folder");
    text = optional(s, v, "text", JSON_TEXT);
    target = optional(s, v, "target", JSON_TEXT);
    folder = optional(s, v, "folder", JSON_BOOL);
    node = tree_node_at(package->tree, text_of(s, v, "path"), what);
    mode = (uint32_t)number_of(s, v, "mode", folder ? 0755 : 0644) & 07777;
    if (target) {
        tree_give(node, S_IFLNK | 0777, what);
        node->target = target->text;
    } else if (folder) {
        tree_give(node, S_IFDIR | mode, what);
    } else {
        tree_give(node, S_IFREG | mode, what);
        node->blob = text ? blob_of_text(text->text) : content_of(s, v);
    }
}

static struct run *read_run(const struct source *s, const struct json *v)
{
    struct run *run;

    if (!v)
        return NULL;
    ONLY(s, v, "program", "arguments", "environment", "directory", "scratch", "traceCalls",
        "stats");
    run = must_allocate(sizeof *run);
    *run = (struct run){text_of(s, v, "program"), strings_of(s, v, "arguments"),
        strings_of(s, v, "environment"), text_of(s, v, "directory"), number_of(s, v, "scratch", 0),
        is_true(s, v, "traceCalls"), is_true(s, v, "stats")};
    return run;
}

static void read_lists(const struct source *s, struct package *package, const struct json *top)
{
    const struct json *services = optional(s, top, "services", JSON_LIST);
    const struct json *binaries = required(s, top, "binaries", JSON_LIST);
    const struct json *files = optional(s, top, "files", JSON_LIST);

    package->services = must_allocate((count(services) + 1) * sizeof *package->services);
    for (const struct json *v = services ? services->items : NULL; v; v = v->next)
        package->services[package->service_count++] = read_service(s, v);
    for (const struct json *v = binaries->items; v; v = v->next) {
        ONLY(s, expect(s, v, JSON_OBJECT), "name", "file");
        package_add_binary(package, text_of(s, v, "name"), binary_of(s, v));
    }
    if (count(files))
        package->tree = tree_new();
    for (const struct json *v = files ? files->items : NULL; v; v = v->next)
        read_file(s, package, v);
}

struct package *package_read(const char *file, const char *text, size_t length, const char *folder)
{
    struct source s = {file, folder};
    const struct json *top = expect(&s, json_parse(file, text, length), JSON_OBJECT), *init;
    struct package *package = must_allocate(sizeof *package);

    ONLY(&s, top, "version", "name", "init", "services", "binaries", "files", "run");
    if (number_of(&s, top, "version", 0) != 1)
        refuse("%s:%u: version: 1 is expected", file, top->line);
    package->name = text_of(&s, top, "name");
    init = required(&s, top, "init", JSON_OBJECT);
    ONLY(&s, init, "binary", "capabilities");
    package->init_binary = text_of(&s, init, "binary");
    package->init_capabilities = strings_of(&s, init, "capabilities");
    read_lists(&s, package, top);
    package->run = read_run(&s, optional(&s, top, "run", JSON_OBJECT));
    return package;
}

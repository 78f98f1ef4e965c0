#include "app/commands/scene.h"

#include "base/mem.h"
#include "base/text.h"
#include "meeting/feedback.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { PARTS_MAX = 4096, SPANS_MAX = 100000 };

void scene_init(struct scene *scene) {
    *scene = (struct scene){.name = mem_copy_text("meeting")};
}

void scene_free(struct scene *scene) {
    for (size_t i = 0; i < scene->count; i++) {
        struct scene_part *part = &scene->parts[i];
        mem_free(part->id);
        mem_free(part->name);
        mem_free(part->path);
        mem_free(part->muted.span);
        mem_free(part->gaps.span);
        mem_free(part->pauses.span);
    }
    mem_free(scene->parts);
    mem_free(scene->hosts);
    mem_free(scene->name);
}

struct scene_part *scene_add_file(struct scene *scene, struct slice id, char *path) {
    scene->parts = mem_resize(scene->parts, (scene->count + 1) * sizeof *scene->parts);
    struct scene_part *part = &scene->parts[scene->count++];
    *part = (struct scene_part){.id = slice_copy_text(id), .name = mem_copy_text(""), .path = path};
    return part;
}

/* Takes `path` over, also on failure. NULL with a sentence in `problem`. */
static struct scene_part *part_add(struct scene *scene, struct slice id, char *path,
                                   struct buf *problem) {
    bool is_free = true;
    for (size_t i = 0; i < scene->count; i++)
        is_free = is_free && !slice_is_equal(id, slice_from(scene->parts[i].id));
    if (!text_is_identity(id, FEEDBACK_NAME_MAX) || !is_free || scene->count == PARTS_MAX) {
        buf_printf(problem, "participant \"%.*s\": %s", SLICE_ARG(id),
                   is_free ? "not a name of 1 to 256 bytes" : "there are two of that name");
        mem_free(path);
        return NULL;
    }
    return scene_add_file(scene, id, path);
}

static bool spans_read(struct scene_spans *spans, const json_t *list) {
    size_t count = json_array_size(list);
    if ((list && !json_is_array(list)) || count > SPANS_MAX)
        return false;
    spans->span = mem_alloc_array(count, sizeof *spans->span);
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(list, i);
        double from = json_number_value(json_array_get(pair, 0));
        double to = json_number_value(json_array_get(pair, 1));
        if (json_array_size(pair) != 2 || !(from >= 0 && from <= to && to < 1e9))
            return false;
        spans->span[i].from_ms = llround(from * 1000);
        spans->span[i].to_ms = llround(to * 1000);
        spans->count++;
    }
    return true;
}

/* The path as it is when absolute, else relative to the folder of MEETING.json. */
static char *path_beside(const char *json_path, const char *path) {
    struct buf out = {0};
    const char *slash = strrchr(json_path, '/');
    if (path[0] != '/' && slash)
        buf_add(&out, json_path, (size_t)(slash + 1 - json_path));
    buf_add_text(&out, path);
    return buf_take_text(&out);
}

static bool part_read(struct scene *scene, const char *json_path, const json_t *object,
                      struct buf *problem) {
    const char *id = json_string_value(json_object_get(object, "id"));
    const char *wav = json_string_value(json_object_get(object, "wav"));
    const char *name = json_string_value(json_object_get(object, "name"));
    const char *role = json_string_value(json_object_get(object, "role"));
    if (!id || !wav) {
        buf_printf(problem, "%s: a participant needs \"id\" and \"wav\"", json_path);
        return false;
    }
    struct scene_part *part = part_add(scene, slice_from(id), path_beside(json_path, wav), problem);
    if (!part)
        return false;
    if (name)
        slice_replace_text(&part->name, slice_from(name));
    part->is_host = role && strcmp(role, "host") == 0;
    if (spans_read(&part->muted, json_object_get(object, "muted")) &&
        spans_read(&part->gaps, json_object_get(object, "networkGaps")))
        return true;
    buf_printf(problem, "%s: \"muted\" and \"networkGaps\" are lists of [FROM,TO] in seconds",
               json_path);
    return false;
}

static bool meeting_read(struct scene *scene, const char *path, struct buf *problem) {
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    const json_t *people = json_object_get(root, "participants");
    bool is_good = json_is_array(people);
    if (!root)
        buf_printf(problem, "%s: %s", path, error.text);
    else if (!is_good)
        buf_printf(problem, "%s: no list of \"participants\"", path);
    const char *name = json_string_value(json_object_get(root, "name"));
    if (name)
        slice_replace_text(&scene->name, slice_from(name));
    for (size_t i = 0; is_good && i < json_array_size(people); i++)
        is_good = part_read(scene, path, json_array_get(people, i), problem);
    json_decref(root);
    return is_good;
}

bool scene_add(struct scene *scene, const char *word, struct buf *problem) {
    struct slice id, path;
    if (slice_has_suffix(slice_from(word), SLICE(".json")))
        return meeting_read(scene, word, problem);
    if (!slice_split(slice_from(word), '=', &id, &path)) {
        buf_printf(problem, "%s: neither MEETING.json nor ID=FILE.wav", word);
        return false;
    }
    return part_add(scene, id, slice_copy_text(path), problem) != NULL;
}

void scene_add_host(struct scene *scene, const char *id) {
    scene->hosts = mem_resize(scene->hosts, (scene->host_count + 1) * sizeof *scene->hosts);
    scene->hosts[scene->host_count++] = id;
}

bool scene_resolve_hosts(struct scene *scene, struct buf *problem) {
    for (size_t h = 0; h < scene->host_count; h++) {
        bool is_found = false;
        for (size_t i = 0; i < scene->count; i++)
            if (strcmp(scene->parts[i].id, scene->hosts[h]) == 0)
                scene->parts[i].is_host = is_found = true;
        if (!is_found) {
            buf_printf(problem, "--host %s: no participant of that name", scene->hosts[h]);
            return false;
        }
    }
    return true;
}

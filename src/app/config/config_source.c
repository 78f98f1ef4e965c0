#include "app/config/config_source.h"

#include "app/config/config_private.h"
#include "app/config/dotenv.h"
#include "app/config/near.h"
#include "base/mem.h"

#include <string.h>

static void keep(struct map *map, struct slice name, struct slice value) {
    if (name.len && value.len && !memchr(value.ptr, 0, value.len))
        mem_free(map_set(map, name, slice_copy_text(value)));
}

static void source_on_file_value(struct slice name, struct slice value, void *arg) {
    struct config_source *source = arg;
    keep(&source->files, name, value);
}

/* The environment's value is taken as it is; one of the files may refer to others itself. */
static const char *find_reference(struct slice name, bool *is_final, void *arg) {
    struct config_source *source = arg;
    const char *value = map_find(&source->values, name);
    *is_final = value != NULL;
    return value ? value : map_find(&source->files, name);
}

/* Fills in what the files' values refer to. In a map of its own, so that the order of the names does
 * not matter. */
static void add_file_values(struct config_source *source) {
    struct map expanded;
    map_init(&expanded, 1);
    MAP_EACH(&source->files, at) {
        struct buf value = {0};
        if (map_find(&source->values, at.key))
            continue;
        struct slice missing = dotenv_expand(&value, slice_from(at.value), find_reference, source);
        if (missing.len > 0 && setting_find(at.key))
            buf_printf(&source->warnings, "%.*s refers to ${%.*s}, which is not set\n",
                       SLICE_ARG(at.key), SLICE_ARG(missing));
        keep(&expanded, at.key, buf_slice(&value));
        buf_free(&value);
    }
    MAP_EACH(&expanded, at)
        mem_free(map_set(&source->values, at.key, at.value));
    map_free(&expanded);
}

void config_source_open(struct config_source *source, const char *const *files, size_t file_count,
                        char *const *environment, struct buf *problem) {
    *source = (struct config_source){.problem = problem};
    map_init(&source->values, 1);
    map_init(&source->files, 1);
    for (; environment && *environment; environment++) {
        struct slice value = slice_from(*environment), name;
        if (slice_cut(&value, '=', &name))
            keep(&source->values, name, value);
    }
    while (file_count-- > 0) {
        if (!files || !files[file_count])
            continue;
        source->has_env_file = true;
        dotenv_parse(slice_from(files[file_count]), source_on_file_value, source);
    }
    add_file_values(source);
    MAP_EACH(&source->values, at)
        source->has_livekit |= slice_has_prefix(at.key, SLICE("LIVEKIT_"));
}

static void free_texts(struct map *map) {
    MAP_EACH(map, at)
        mem_free(at.value);
    map_free(map);
}

void config_source_close(struct config_source *source) {
    free_texts(&source->values);
    free_texts(&source->files);
    buf_free(&source->warnings);
}

const char *config_source_find(const struct config_source *source, const char *name) {
    return map_find(&source->values, slice_from(name));
}

const char *config_source_find_row(const struct config_source *source, const struct setting *row) {
    const char *value = config_source_find(source, row->name);
    return !value && row->alias ? config_source_find(source, row->alias) : value;
}

void config_source_hint(struct config_source *source) {
    MAP_EACH(&source->values, at) {
        if (setting_find(at.key) || slice_has_prefix(at.key, SLICE("RULE_")))
            continue;
        for (size_t i = 0; i < setting_count; i++) {
            const struct setting *row = &settings[i];
            if (!row->name || !name_is_near(at.key, slice_from(row->name)) ||
                config_source_find_row(source, row))
                continue;
            buf_printf(&source->warnings, "%.*s is not a setting; did you mean %s?\n",
                       SLICE_ARG(at.key), row->name);
            break;
        }
    }
}

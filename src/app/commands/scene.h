/* Who takes part in a recorded meeting: MEETING.json, or ID=FILE.wav on the command line. */
#ifndef APP_SCENE_H
#define APP_SCENE_H

#include "app/commands/wav_reader.h"
#include "base/buf.h"

/* Half-open spans of time, ms. */
struct scene_spans {
    struct {
        int64_t from_ms, to_ms;
    } * span;
    size_t count;
};

struct scene_part {
    char *id, *name, *path; /* name: "" when there is none */
    bool is_host;
    struct scene_spans muted, gaps;
};

struct scene {
    char *name;
    struct scene_part *parts;
    size_t count;
    const char **hosts; /* ids named as hosts; borrowed */
    size_t host_count;
};

void scene_init(struct scene *scene);
void scene_free(struct scene *scene);

/* "ID=FILE.wav" adds a participant, any other word a MEETING.json. False with a sentence. */
bool scene_add(struct scene *scene, const char *word, struct buf *problem);

void scene_add_host(struct scene *scene, const char *id);

/* To be called when everybody was added. False: a host that is nobody. */
bool scene_resolve_hosts(struct scene *scene, struct buf *problem);

#endif

/* The participants of a recorded meeting, from MEETING.json or ID=FILE.wav on the command line. */
#ifndef APP_SCENE_H
#define APP_SCENE_H

#include "base/buf.h"

struct scene_span {
    int64_t from_ms, to_ms;
};

/* Half-open spans of time. */
struct scene_spans {
    struct scene_span *span;
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

/* "ID=FILE.wav" adds a participant, any other word names a MEETING.json. False with a sentence in
 * `problem`. */
bool scene_add(struct scene *scene, const char *word, struct buf *problem);

void scene_add_host(struct scene *scene, const char *id);

/* Call it after all participants were added. False: a host that is not one of them. */
bool scene_resolve_hosts(struct scene *scene, struct buf *problem);

#endif

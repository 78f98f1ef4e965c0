/* A recorded meeting: its participants and their files, from MEETING.json, from ID=FILE.wav on the
 * command line, or from the folder of a meeting's recordings. */
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
    bool is_dtx;               /* its zeros prove no dead microphone */
    int64_t start_ms;          /* of the file, in the scene */
    struct scene_spans muted;  /* the file goes on, unheard */
    struct scene_spans gaps;   /* the same, lost on the way */
    struct scene_spans pauses; /* muted, and this time is not in the file */
};

struct scene {
    char *name;
    struct scene_part *parts;
    size_t count;
    int64_t started_ms; /* Unix time of its start; 0: not known */
    size_t unread;      /* recordings that are no WAV */
    const char **hosts; /* ids named as hosts; borrowed */
    size_t host_count;
};

void scene_init(struct scene *scene);
void scene_free(struct scene *scene);

/* "ID=FILE.wav" adds a participant, any other word names a MEETING.json. False with a sentence in
 * `problem`. */
bool scene_add(struct scene *scene, const char *word, struct buf *problem);

/* Adds a file of a participant, who may have several; takes `path` over. */
struct scene_part *scene_add_file(struct scene *scene, struct slice id, char *path);

/* Adds what a meeting's folder of recordings holds. False with a sentence in `problem`. */
bool scene_read_folder(struct scene *scene, const char *folder, struct buf *problem);

/* The same for a folder, or for a meeting's id, whose recordings are in audio_dir. */
bool scene_read_meeting(struct scene *scene, const char *meeting, const char *audio_dir,
                        struct buf *problem);

void scene_add_host(struct scene *scene, const char *id);

/* Call it after all participants were added. False: a host that is not one of them. */
bool scene_resolve_hosts(struct scene *scene, struct buf *problem);

#endif

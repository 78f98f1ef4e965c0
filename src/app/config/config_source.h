/*
 * Where values come from: the process environment, then the env files, the strongest first, then
 * the files of secrets. Of several values for one name the strongest source's is kept; empty ones
 * are not kept.
 */
#ifndef APP_CONFIG_SOURCE_H
#define APP_CONFIG_SOURCE_H

#include "app/config/setting.h"
#include "base/buf.h"
#include "base/map.h"

#include <stdbool.h>

struct config_source {
    struct map values; /* name -> char *, as it counts */
    struct map files;  /* name -> char *, as written in the files */
    bool has_env_file;
    bool has_livekit; /* any LIVEKIT_ setting */
    /* One sentence, when there is a mistake. */
    struct buf *problem;
    /* A sentence a line. */
    struct buf warnings;
};

/* `files` may be NULL, and so may each of them. */
void config_source_open(struct config_source *, const char *const *files, size_t file_count,
                        char *const *environment, struct buf *problem);
/* Adds the secrets that lie in files (secret_files.c). 0, or EINVAL with a sentence in `problem`. */
int config_source_read_secrets(struct config_source *);
void config_source_close(struct config_source *);

/* A value or NULL; valid as long as the source. */
const char *config_source_find(const struct config_source *, const char *name);
const char *config_source_find_row(const struct config_source *, const struct setting *);

/* Warns of names that are no settings, but nearly are, while that setting is unset. */
void config_source_hint(struct config_source *);

#endif

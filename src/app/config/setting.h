/* One setting: what it is, and how its text becomes a value. The table of all is in config_table.c.
 */
#ifndef APP_SETTING_H
#define APP_SETTING_H

#include "base/slice.h"

#include <stddef.h>

struct buf;
struct config;

enum setting_type {
    SETTING_TEXT,
    SETTING_HTTP_URL, /* ws and wss are taken as http and https; a bare host gets http:// */
    SETTING_WS_URL,   /* the same the other way round */
    SETTING_INT,
    SETTING_BYTES, /* a whole number with an optional K, M, G, KiB, MiB, GiB */
    SETTING_REAL,
    SETTING_BOOL,
    SETTING_CHOICE, /* an int: the index in `choices` */
    SETTING_WORD    /* the choice itself */
};

enum setting_flag {
    SETTING_SECRET = 1, /* never printed */
    SETTING_SPECIAL = 2 /* not taken as it is: config.c decides */
};

struct setting {
    const char *name;  /* NULL: a heading, in `help` */
    const char *alias; /* another name for the same thing; NULL: none */
    enum setting_type type;
    unsigned flags;
    size_t offset;                   /* in struct config */
    const char *fallback;            /* as it would be written; NULL: unset */
    const char *fallback_production; /* NULL: as `fallback` */
    double min, max;                 /* of numbers, and of the length of texts */
    const char *choices;             /* "a|b|c" */
    const char *help;                /* one line without a full stop */
};

extern const struct setting settings[];
extern const size_t setting_count;

/* Names that documents mention and this version does not have. */
struct unbuilt {
    const char *name;
    const char *reason;
};
extern const struct unbuilt unbuilt_settings[];
extern const size_t unbuilt_count;

/* By name or alias; NULL when there is none. */
const struct setting *setting_find(struct slice name);

/* Puts the value into its field of the config, which owns what that needs. EINVAL with a sentence
 * in `problem`. */
int setting_parse(const struct setting *, struct config *, const char *value, struct buf *problem);

/* "a whole number from 1 to 65535": what the setting may be. */
void setting_write_kind(const struct setting *, struct buf *);

/* Copies that live as long as the config. */
const char *config_keep(struct config *, char *text);
const char *config_keep_copy(struct config *, struct slice text);

#endif

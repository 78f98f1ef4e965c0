/*
 * One setting: its row in a table, and how its text becomes a value in a struct. The table and the
 * struct are the caller's (config_table.c).
 */
#ifndef APP_SETTING_H
#define APP_SETTING_H

#include "base/slice.h"

#include <stddef.h>

struct buf;

/* The type of the field is in brackets. */
enum setting_type {
    SETTING_TEXT,     /* [const char *] */
    SETTING_HTTP_URL, /* [const char *] ws(s) becomes http(s); a bare host gets http:// */
    SETTING_WS_URL,   /* [const char *] the same the other way round */
    SETTING_COUNT,    /* [unsigned] a whole number */
    SETTING_MS,       /* [int64_t] milliseconds, or with a unit: 500ms, 30s, 15m, 2h, 7d, 1w */
    SETTING_SECONDS,  /* [int64_t] the same in seconds */
    SETTING_BYTES,    /* [size_t] a whole number with an optional K, M, G, KiB, MiB, GiB */
    SETTING_REAL,     /* [double] */
    SETTING_BOOL,     /* [bool] */
    SETTING_CHOICE,   /* [an enum] the index in `choices` */
    SETTING_WORD      /* [const char *] the choice itself */
};

enum setting_flag {
    SETTING_SECRET = 1,  /* never printed */
    SETTING_SPECIAL = 2, /* its value depends on others: config.c sets it */
    SETTING_CLAMPED = 4, /* a number beyond the bounds becomes the nearest one, with a warning */
};

struct setting {
    const char *name;  /* NULL: the row is a heading, its text in `help` */
    const char *alias; /* another name for the same setting; NULL: none */
    enum setting_type type;
    unsigned flags;
    size_t offset;                   /* of the field in the struct */
    const char *fallback;            /* the default, as it would be written; NULL: unset */
    const char *fallback_production; /* NULL: as `fallback` */
    double min, max;                 /* of numbers, and of the length of texts */
    /* The default is at most one for so many bytes of memory; 0: it does not depend on it. */
    double memory_for_one;
    const char *choices;             /* "a|b|c" */
    const char *help;                /* one line without a full stop */
};

/* Owns the texts that fields point to. Zeroed is empty. */
struct texts {
    char **items;
    size_t count;
};

/* Both return the text, which lives until texts_free(). The first takes `text` over. */
const char *texts_keep(struct texts *, char *text);
const char *texts_keep_copy(struct texts *, struct slice text);
void texts_free(struct texts *);

/* Sets the row's field of the struct at `target`. EINVAL with one sentence in `problem`; what was
 * changed to fit is a sentence in `warnings`, one a line. */
int setting_parse(const struct setting *, const char *value, void *target, struct texts *,
                  struct buf *problem, struct buf *warnings);

/* Lowers the row's number (SETTING_COUNT, SETTING_BYTES) to what so much memory allows. */
void setting_fit(const struct setting *, double memory_bytes, void *target);

/* "a whole number from 1 to 65535": which values the setting takes. */
void setting_write_kind(const struct setting *, struct buf *);

/* The value in the struct at `target`, as it would be written; "(set)" for a secret. */
void setting_write_bytes(struct buf *, double bytes); /* "512 MiB" */
void setting_write_value(const struct setting *, const void *target, struct buf *);

#endif

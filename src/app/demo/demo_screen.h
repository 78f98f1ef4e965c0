/* What the demo prints: scenes, level meters, feedback as it arrives. */
#ifndef APP_DEMO_SCREEN_H
#define APP_DEMO_SCREEN_H

#include "app/demo/demo_script.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { DEMO_TYPES_MAX = 32 };

struct demo_screen {
    bool is_terminal; /* colours, and a line of meters that moves */
    bool has_meter;   /* the line of meters is on the screen now */
    unsigned events;
    char types[DEMO_TYPES_MAX][32]; /* different ones seen */
    unsigned type_count;
    double first_s; /* when the first event came */
};

void demo_screen_init(struct demo_screen *);
void demo_screen_scene(struct demo_screen *, double at_s, const char *text);
/* level_dbfs of each person, of the last moment. */
void demo_screen_meters(struct demo_screen *, double at_s, const double level_dbfs[DEMO_PEOPLE]);
/* An event as Socket.IO brought it; now_ms: Unix time of its arrival. */
void demo_screen_feedback(struct demo_screen *, double at_s, const json_t *event, int64_t now_ms);
/* One line of text. */
void demo_screen_line(struct demo_screen *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

#include "app/demo/demo_screen.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAIN  "\033[0m"
#define BOLD   "\033[1m"
#define FAINT  "\033[2m"
#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define BLUE   "\033[36m"

enum { METER_CELLS = 10, METER_DB_A_CELL = 5 };

void demo_screen_init(struct demo_screen *screen) {
    *screen = (struct demo_screen){.is_terminal = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
}

static const char *style(const struct demo_screen *screen, const char *code) {
    return screen->is_terminal ? code : "";
}

static void meter_clear(struct demo_screen *screen) {
    if (screen->has_meter)
        fputs("\r\033[K", stdout);
    screen->has_meter = false;
}

static void clock_print(double at_s) {
    unsigned second = at_s > 0 ? (unsigned)at_s : 0;
    printf("  %02u:%02u  ", second / 60, second % 60);
}

void demo_screen_scene(struct demo_screen *screen, double at_s, const char *text) {
    meter_clear(screen);
    clock_print(at_s);
    printf("%s%s%s\n", style(screen, FAINT), text, style(screen, PLAIN));
    fflush(stdout);
}

void demo_screen_meters(struct demo_screen *screen, double at_s,
                        const double level_dbfs[DEMO_PEOPLE]) {
    if (!screen->is_terminal)
        return;
    meter_clear(screen);
    clock_print(at_s);
    for (unsigned p = 0; p < DEMO_PEOPLE; p++) {
        int cells = (int)lrint((level_dbfs[p] + METER_CELLS * METER_DB_A_CELL) / METER_DB_A_CELL);
        cells = cells < 0 ? 0 : cells > METER_CELLS ? METER_CELLS : cells;
        const char *colour = cells >= METER_CELLS - 1 ? RED : cells > 3 ? BLUE : FAINT;
        printf("%s %s", demo_people[p].name, colour);
        for (int c = 0; c < METER_CELLS; c++)
            fputs(c < cells ? "▮" : "·", stdout);
        printf(PLAIN "   ");
    }
    fflush(stdout);
    screen->has_meter = true;
}

static void type_note(struct demo_screen *screen, const char *type) {
    for (unsigned i = 0; i < screen->type_count; i++)
        if (!strcmp(screen->types[i], type))
            return;
    if (screen->type_count < DEMO_TYPES_MAX)
        snprintf(screen->types[screen->type_count++], sizeof screen->types[0], "%s", type);
}

static const char *event_text(const json_t *event, const char *key) {
    const char *text = json_string_value(json_object_get(event, key));
    return text ? text : "";
}

static void facts_print(struct demo_screen *screen, const json_t *event, int64_t now_ms) {
    json_t *metadata = json_object_get(event, "metadata");
    const json_t *level = json_object_get(metadata, "rmsDbfs");
    const json_t *speech = json_object_get(metadata, "speechCoverage");
    printf("         %s", style(screen, FAINT));
    if (json_is_number(level))
        printf("%.1f dBFS, ", json_number_value(level));
    if (json_is_number(speech))
        printf("%.0f %% speech, ", json_number_value(speech) * 100);
    printf("sent %lld ms after it happened%s\n",
           (long long)(now_ms - json_integer_value(json_object_get(event, "ts"))),
           style(screen, PLAIN));
}

void demo_screen_feedback(struct demo_screen *screen, double at_s, const json_t *event,
                          int64_t now_ms) {
    const char *severity = event_text(event, "severity"), *type = event_text(event, "type");
    const char *who = event_text(event, "participantName");
    const char *colour = !strcmp(severity, "critical")  ? RED
                         : !strcmp(severity, "warning") ? YELLOW
                                                        : BLUE;
    if (screen->events++ == 0)
        screen->first_s = at_s;
    type_note(screen, type);
    meter_clear(screen);
    clock_print(at_s);
    printf("%s● %-8s%s  %s%s%s\n", style(screen, colour), severity, style(screen, PLAIN),
           style(screen, BOLD), event_text(event, "message"), style(screen, PLAIN));
    printf("         %s, %s\n", type, *who ? who : event_text(event, "participantId"));
    facts_print(screen, event, now_ms);
    size_t i;
    json_t *tip;
    json_array_foreach(json_object_get(event, "tips"), i, tip) {
        if (json_is_string(tip))
            printf("         → %s\n", json_string_value(tip));
    }
    fflush(stdout);
}

void demo_screen_line(struct demo_screen *screen, const char *format, ...) {
    meter_clear(screen);
    va_list values;
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    putchar('\n');
    fflush(stdout);
}

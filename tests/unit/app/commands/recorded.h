/* Small meetings of a minute each, spoken by the recorded people of the demo, and what the host must
 * be told of them. */
#ifndef TESTS_UNIT_APP_RECORDED_H
#define TESTS_UNIT_APP_RECORDED_H

#include "app/demo/demo_voice.h"

#include <stdbool.h>
#include <stddef.h>

enum { PEOPLE = 3, SECONDS = 60, SAMPLES = SECONDS * DEMO_RATE_HZ, LINES = 24, EXPECTED = 4 };

struct line {
    double at_s, for_s; /* for_s 0: the end of the lines */
    int who;
    double level_dbfs; /* 0: -20 */
};

struct expected {
    const char *type; /* NULL: the end */
    const char *who;
    double from_s, to_s;
    const char *severity; /* NULL: any */
};

struct recorded {
    const char *name;
    struct line lines[LINES];
    struct expected expected[EXPECTED];
    const char *json[PEOPLE]; /* further fields of the participant */
    double zeros[PEOPLE][2];  /* digital silence */
    int echo_of[PEOPLE];      /* 1 + who is heard in this microphone */
};

const struct recorded *recorded_meetings(size_t *count);

/* The voices. False: their Debian packages are not installed. */
bool voices_load(void);
void voices_free(void);

/* meeting.json and a WAV a participant into an existing folder; false: could not. */
bool recorded_write(const struct recorded *meeting, const char *folder);

#endif

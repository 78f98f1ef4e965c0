/* The meeting of the demo: four people, two minutes, and what goes wrong in it. */
#ifndef APP_DEMO_SCRIPT_H
#define APP_DEMO_SCRIPT_H

#include "app/demo/demo_voice.h"

#include <stdbool.h>

enum { DEMO_PEOPLE = 4, DEMO_SECONDS = 120 };

struct demo_person {
    const char *identity, *name;
    bool is_host;
    struct demo_voice voice;
};

extern const struct demo_person demo_people[DEMO_PEOPLE];

/* What a person says in the first `seconds`: mono samples at DEMO_RATE_HZ, with the faint noise
 * of a room. 0, or an errno with the recording that could not be read in *missing. Free with
 * mem_free. */
int demo_script_render(unsigned person, unsigned seconds, int16_t **pcm, const char **missing);

/* A sentence about what happens at that second; NULL: nothing new. */
const char *demo_script_scene(unsigned second);

#endif

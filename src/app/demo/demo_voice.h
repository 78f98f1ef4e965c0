/*
 * Recorded human speech: the prompts that Debian ships for telephone systems
 * (asterisk-core-sounds-*-g722, 16 kHz), brought to 48 kHz and a level of our choice.
 */
#ifndef APP_DEMO_VOICE_H
#define APP_DEMO_VOICE_H

#include <stddef.h>
#include <stdint.h>

enum { DEMO_RATE_HZ = 48000 };

#define DEMO_VOICE_PACKAGES "asterisk-core-sounds-en-g722 asterisk-core-sounds-it-g722"

/* A speaker: a folder of the packages, and how much faster than recorded it is played (two speakers
 * make four people). */
struct demo_voice {
    const char *folder;
    double speed;
};

/*
 * Loads a recording by its name ("demo-congrats"): mono, its speech at level_dbfs. What exceeds
 * full scale is clipped, as by a microphone. 0, or ENOENT and the like. Free with mem_free.
 */
int demo_voice_load(const struct demo_voice *, const char *name, double level_dbfs, int16_t **pcm,
                    size_t *samples);

/* Fills the whole of pcm with sentences and short pauses: speech for a benchmark. 0 or an errno. */
int demo_voice_fill(int16_t *pcm, size_t samples);

#endif

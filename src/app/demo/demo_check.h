/* Compares the recordings with what was sent, sample for sample. */
#ifndef APP_DEMO_CHECK_H
#define APP_DEMO_CHECK_H

#include <stddef.h>
#include <stdint.h>

enum { DEMO_PATH_SIZE = 512 };

/* Finds the WAV of a track beneath dir, whatever the meeting's folder is called. 0 or ENOENT. */
int demo_check_find(char path[DEMO_PATH_SIZE], const char *dir, const char *track);

/* Compares a recording with the mono samples that were sent on all its channels. 0; EBADMSG: it
 * differs. */
int demo_check_compare(const char *path, const int16_t *pcm, size_t samples);

#endif

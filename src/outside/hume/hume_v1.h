/* The realtime API (v1): binary frames of 100 ms, measurements as JSON text. No session.update is
 * sent: its shape is not confirmed, and the default configuration is ours. */
#ifndef OUTSIDE_HUME_V1_H
#define OUTSIDE_HUME_V1_H

#include "outside/hume/hume_reading.h"

enum { HUME_V1_FRAME_MS = 100, HUME_V1_FRAME_SAMPLES = 1600 };

struct slice hume_v1_close_message(void);

#endif

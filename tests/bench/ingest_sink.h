/*
 * The reference of every ingest ratio: the plainest server that takes the same bytes. One thread, epoll,
 * one recv per wake-up; it unmasks, appends to a WAV through a 64 KiB buffer and, if told so, measures
 * the level. It trusts its peer and does nothing else.
 */
#ifndef BENCH_INGEST_SINK_H
#define BENCH_INGEST_SINK_H

#include <stdbool.h>

/* Serves until SIGTERM. Writes "<trackId>.wav" into dir. Never returns before; 0 or a positive errno. */
int ingest_sink_run(int listener, const char *dir, bool level);

#endif

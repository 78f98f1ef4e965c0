/*
 * The prosody service Hume. A track's audio goes there over a WebSocket of its own; what the
 * service reads in the voice comes back as feelings. It never holds up the rest: nothing here
 * blocks, and each track keeps a bounded amount of audio, whatever the service does.
 *
 *     grouper -> hume_track_hear ... hume_track_flush -> queue -> ws_conn -> on_feeling
 *                                                    \-> on_fate: a line in the pipeline log
 *
 * There is one `struct hume` for each shard, on its loop. Its tracks share a breaker: after several
 * failures in a row only one connection at a time is tried, after growing delays. All shards share
 * a limit of handshakes per second. Audio that is heard while a track waits for its handshake is
 * kept and sent once the connection is open: the latest HUME_WAIT_MS of it, or one second after a
 * failure.
 *
 * The path of the URL decides the protocol. With /v1 in it, frames of 100 ms are streamed; any
 * other is v0, where each flush sends one JSON message with a WAV block.
 */
#ifndef OUTSIDE_HUME_H
#define OUTSIDE_HUME_H

#include "base/histogram.h"
#include "base/slice.h"
#include "outside/hume/hume_limiter.h"
#include "outside/hume/hume_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct expressions; /* meeting/expressions.h */
struct feeling;     /* meeting/feeling.h */
struct hume;
struct hume_track;
struct loop;
struct tls;

struct hume_settings {
    const char *url;       /* HUME_WS_URL, ws or wss */
    const char *api_key;   /* HUME_API_KEY; NULL or "": every flush has the fate no_key */
    const char *proxy;     /* HTTPS_PROXY, http; NULL or "": direct */
    const struct tls *tls; /* a client's, for wss */
    bool hello;            /* HUME_V0_HELLO */
    bool skip_silence;     /* HUME_SKIP_SILENCE */
    bool normalize;        /* AUDIO_PIPELINE_NORMALIZE; v0 only, v1 has no blocks */
    const struct expressions *expressions; /* HUME_EXPRESSION_MAP; copied; NULL: the table */
    struct hume_limiter *limiter;          /* must outlive it; NULL: one of its own */
    unsigned handshakes_per_second;        /* 0 = HUME_HANDSHAKES_PER_SECOND */
};

struct hume_listener {
    /* From when to when in meeting time the voice sounded like that. */
    void (*on_feeling)(const struct feeling *feeling, int64_t from_ms, int64_t to_ms, void *user);
    /* Once for each flush, in their order; with v0 maybe later than the flush. */
    void (*on_fate)(int64_t flushed_ms, uint32_t samples, enum hume_fate fate, void *user);
};

extern const struct histogram_bounds hume_latency_bounds;

struct hume_stats {                         /* nothing but uint64_t: they are added up */
    uint64_t idle, dialling, open, waiting; /* tracks by the state of their connection, now */
    uint64_t fates[HUME_FATES];             /* flushes */
    uint64_t messages_sent, frames_dropped, resent;
    uint64_t measurements, no_speech;
    uint64_t unreadable;        /* messages from the service that made no sense */
    uint64_t failures;          /* connections refused, lost or given up */
    uint64_t refused;           /* 1 while the service refuses us permanently */
    uint64_t breaker_open;      /* 1 while only probes go out */
    struct histogram latency;   /* from the sending of the last audio to its measurement */
    uint64_t codes[HUME_CODES]; /* errors; hume_code_name names them */
};

/* 0, or EINVAL with a sentence in why. Strings are copied; tls must outlive it. */
int hume_open(struct hume **out, struct loop *loop, const struct hume_settings *settings, char *why,
              size_t why_size);
/* Whether a URL asks for v1. */
bool hume_is_v1(const char *url);

bool hume_is_on(const struct hume *hume); /* there is a key */
const struct hume_stats *hume_stats(struct hume *hume);
void hume_close(struct hume *hume); /* its tracks must be closed; NULL is fine */

/* name appears in the log, reduced. group_ms: no flush is longer. The listener must outlive the
 * track. */
struct hume_track *hume_track_new(struct hume *hume, struct slice name, unsigned group_ms,
                                  const struct hume_listener *listener, void *user);

/* Whether samples are wanted now. If not, they need not be computed: only hume_track_flush must be
 * called. */
bool hume_track_wants(const struct hume_track *track);

/* Mono s16 at 16 kHz; from_ms is the meeting time of the first sample. is_speech: as far as we
 * know, these samples hold speech. */
void hume_track_hear(struct hume_track *track, const int16_t *pcm, size_t n, int64_t from_ms,
                     bool is_speech);

/* A group of so many samples (heard or not) is complete. */
void hume_track_flush(struct hume_track *track, int64_t now_ms, uint32_t samples);

/* Where there is a connection, what was flushed is still sent, as fast as the service allows. Open
 * flushes get their fate before this returns; no callback comes after it. NULL is fine. */
void hume_track_close(struct hume_track *track);

#endif

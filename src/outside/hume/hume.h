/*
 * The prosody service: blocks of a track's audio go there over one WebSocket a track, what it reads
 * in the voice comes back as feelings. It is never in the way: whatever the service does, each
 * track holds a bounded amount of audio, and nobody waits.
 *
 * One `struct hume` a shard, on its loop. Its tracks share a breaker (after several failures in a
 * row only one probe at a time knocks, and later each time) and, with the whole server, a limiter of
 * handshakes. What is said while a track waits for its turn there is kept and sent when the
 * connection stands: at most HUME_WAIT_MS of it (a second after a failure), the oldest goes first.
 *
 *     grouper -> hume_track_hear ... hume_track_flush -> queue -> ws_conn -> on_feeling
 *                                                    \-> on_fate: a line in the pipeline log
 *
 * The path of the URL decides the protocol: /v1/ streams 100 ms frames, anything else is v0, a JSON
 * message with a WAV block for each flush (contracts/hume.md).
 */
#ifndef OUTSIDE_HUME_H
#define OUTSIDE_HUME_H

#include "base/slice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct expressions; /* meeting/expressions.h */
struct feeling;     /* meeting/feeling.h */
struct hume;
struct hume_track;
struct loop;
struct tls;

enum {
    HUME_RATE_HZ = 16000,            /* of all audio that goes there */
    HUME_HANDSHAKES_PER_SECOND = 20, /* of the whole server; the vendor allows 50 */
    HUME_WAIT_MS = 12000, /* of a track's audio without a connection yet: 384 KB; the turn of the
                             last of 200 tracks that begin at once comes after ten seconds */
    HUME_CATCH_UP_MS = 500,
    HUME_KEPT_MIN_BYTES = 1024 * 1024, /* of all tracks' audio that waits; see hume_limiter */
};

/* The whole server's, shared by its shards; begins zeroed.
 *
 * Of n tracks that begin at once and connect in their turn, the last is n / rate seconds behind, the
 * others less. v1 lets none catch up with more than a second of that, so they stay behind until a
 * pause: together (n / rate - 1)^2 * rate / 2 seconds of audio, reckoned here with half a second
 * instead of one. All may hold no more; a service that is slower, or takes nothing, costs no more.
 * 100 tracks: 7.5 MB, 200: 30 MB; from 240 on 43 MB, as later ones do not begin to wait. */
struct hume_limiter {
    _Atomic int64_t next_us;   /* when the next handshake is due */
    _Atomic unsigned waiting;  /* tracks that wait for theirs */
    _Atomic unsigned tracks;   /* all */
    _Atomic size_t kept_bytes; /* of audio that waits, with or without a connection */
};

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

/* What became of a flush, as the pipeline log writes it. */
enum hume_fate {
    HUME_SENT,    /* handed to the connection */
    HUME_SILENT,  /* no speech in it: not sent (HUME_SKIP_SILENCE) */
    HUME_DROPPED, /* the queue was full, or the track ended first */
    HUME_NO_KEY,
    HUME_ERROR, /* no connection to the service */
    HUME_FATES,
};

const char *hume_fate_name(enum hume_fate fate); /* "sent", "silent", "dropped", ... */

struct hume_listener {
    /* In meeting time, where the speech was. */
    void (*on_feeling)(void *arg, const struct feeling *feeling, int64_t from_ms, int64_t to_ms);
    /* Once for each flush, in their order; with v0 maybe later than the flush. */
    void (*on_fate)(void *arg, int64_t flushed_ms, uint32_t samples, enum hume_fate fate);
};

enum { HUME_LATENCY_BOUNDS = 8, HUME_CODES = 25 };
extern const unsigned hume_latency_bounds_ms[HUME_LATENCY_BOUNDS];

/* The code of an error as the service sends it ("E0200", "rate_limited"), "http_401" for a refused
 * handshake, "proxy" for one that the proxy refused, "other" for those that nobody has heard of. */
const char *hume_code_name(unsigned index);

struct hume_stats {                         /* nothing but uint64_t: they are added up */
    uint64_t idle, dialling, open, waiting; /* tracks by the state of their connection, now */
    uint64_t fates[HUME_FATES];             /* flushes */
    uint64_t messages_sent, frames_dropped, resent;
    uint64_t measurements, no_speech;
    uint64_t unreadable;     /* messages from the service that made no sense */
    uint64_t failures;       /* connections refused, lost or given up */
    uint64_t refused;        /* 1 while the service refuses us for good */
    uint64_t breaker_open;   /* 1 while only probes go out */
    uint64_t latency_ms_sum; /* from the last audio's sending to its measurement */
    uint64_t latency_counts[HUME_LATENCY_BOUNDS + 1];
    uint64_t codes[HUME_CODES]; /* errors; hume_code_name tells which */
};

/* 0, or EINVAL with a sentence in why. Strings are copied; tls must outlive it. */
int hume_open(struct hume **out, struct loop *loop, const struct hume_settings *settings, char *why,
              size_t why_size);
/* Which generation a URL asks for. */
bool hume_is_v1(const char *url);

bool hume_is_on(const struct hume *hume); /* there is a key */
const struct hume_stats *hume_stats(struct hume *hume);
void hume_close(struct hume *hume); /* its tracks must be closed; NULL is fine */

/* name appears in the log, reduced. group_ms: no flush is longer. The listener must outlive the
 * track. */
struct hume_track *hume_track_open(struct hume *hume, struct slice name, unsigned group_ms,
                                   const struct hume_listener *listener, void *arg);

/* Whether samples are wanted now. If not, they need not be computed: only the flush is told. */
bool hume_track_wants(const struct hume_track *track);

/* Mono s16 at 16 kHz; from_ms is the meeting time of the first sample. is_speech: somebody speaks
 * in it, as far as we know. */
void hume_track_hear(struct hume_track *track, const int16_t *pcm, size_t n, int64_t from_ms,
                     bool is_speech);

/* A group of so many samples (heard or not) is complete. */
void hume_track_flush(struct hume_track *track, int64_t now_ms, uint32_t samples);

/* What was flushed goes out if there is a connection, at the pace that the service allows; open
 * flushes get their fate before this returns. No callback after. NULL is fine. */
void hume_track_close(struct hume_track *track);

#endif

/*
 * A track on its way to the service. These files share it:
 *
 *     hume.c                           the service: settings, counters, the tick
 *     hume_track.c                     a track's state, what it sends and when
 *     hume_link.c                      its connection: dialling, messages, failures
 *     hume_v0_talk.c, hume_v1_talk.c   a protocol each: how audio is collected, sent and answered
 */
#ifndef OUTSIDE_HUME_PRIVATE_H
#define OUTSIDE_HUME_PRIVATE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/text.h"
#include "net/loop.h"
#include "net/ws/ws_conn.h"
#include "outside/hume/hume.h"
#include "outside/hume/hume_gate.h"
#include "outside/hume/hume_message.h"
#include "outside/hume/hume_queue.h"
#include "wire/web/url.h"

struct hume {
    struct loop *loop;
    char *url_text, *proxy_text, *headers;
    struct url url, proxy;
    bool has_proxy, has_key, hello, skip_silence, normalize;
    const struct tls *tls;
    const struct hume_protocol *protocol;
    struct expressions expressions;
    struct list tracks;
    struct timer timer;
    struct hume_gate gate;
    struct hume_limiter own_limiter;
    struct hume_stats stats;
};

enum hume_state {
    HUME_IDLE,     /* no connection, none needed */
    HUME_WANTING,  /* something to send; waits for its handshake */
    HUME_DIALLING, /* until the handshake is done, and with v1 the session is created */
    HUME_OPEN,
    HUME_WAITING, /* until the next attempt */
    HUME_LEAVING, /* closed by the owner; sends the rest, waits for the service's goodbye */
};

struct hume_track {
    struct list node;
    struct hume *hume;
    const struct hume_listener *listener; /* NULL once the owner has closed it */
    void *user;
    char name[TEXT_NAME_SIZE];
    enum hume_state state;
    int64_t since_ms; /* of the state */
    struct hume_queue queue;
    uint32_t item_samples; /* of a whole audio item: v0: a group; v1: a frame */
    void *talk;            /* the protocol's own state */

    struct ws_conn *ws;
    bool is_proven; /* the service has answered on this connection */
    bool said_goodbye;
    size_t unsent_bytes; /* of the connection, as counted in the limiter's kept_bytes */
    unsigned backlog;    /* items that waited when it opened, fewer as they go out */
    unsigned failures;   /* in a row */
    int64_t blocked_ms;  /* since when the connection takes nothing; 0 = it does */
    int64_t resume_ms;   /* HUME_WAITING: until then */
};

/* A protocol. Functions that are NULL have nothing to do. */
struct hume_protocol {
    size_t talk_bytes;      /* of track->talk, which begins zeroed */
    unsigned queue_limit;   /* audio items that may wait, besides the backlog */
    unsigned queue_least;   /* those that may wait even when all tracks together keep too much */
    bool needs_session;     /* not open before the service said so */
    uint32_t frame_samples; /* of an audio item; 0: those of a group */
    void (*collect)(struct hume_track *track, const int16_t *pcm, size_t n, int64_t from_ms,
                    bool is_speech);
    void (*end_group)(struct hume_track *track);
    void (*greet)(struct hume_track *track);
    bool (*may_send)(const struct hume_track *track); /* besides a writable connection */
    void (*send)(struct hume_track *track, struct hume_item *item); /* owns it */
    void (*read)(struct hume_track *track, struct hume_reading *reading, struct slice message);
    bool (*is_stuck)(const struct hume_track *track);
    void (*reset)(struct hume_track *track); /* a connection is over */
    void (*leave)(struct hume_track *track); /* says goodbye; the service's answer is waited for */
};

extern const struct hume_protocol hume_protocol_v0, hume_protocol_v1;

/* ---- hume.c ---- */

int64_t hume_now_ms(const struct hume *hume);
void hume_start_ticks(struct hume *hume); /* until it has no tracks */
void hume_count_code(struct hume *hume, const char *code, const char *track_name);

/* ---- hume_track.c ---- */

void hume_track_set_state(struct hume_track *track, enum hume_state state);
void hume_track_on_tick(struct hume_track *track);
/* Sends what can be sent now, and tells fates. */
void hume_track_pump(struct hume_track *track);
/* Drops all that waits, with the fate error. */
void hume_track_give_up(struct hume_track *track);
void hume_track_free(struct hume_track *track);
/* For the protocols: audio is there or will be soon, so a connection is needed. */
void hume_track_need(struct hume_track *track);
void hume_track_push(struct hume_track *track, struct hume_item *item);
void hume_track_feel(struct hume_track *track, const struct feeling *feeling, int64_t from_ms,
                     int64_t to_ms, int64_t sent_ms);

/* ---- hume_link.c ---- */

/* If the gate lets it. */
void hume_link_dial(struct hume_track *track);
/* Writes what was queued, so that is known whether more may follow. */
void hume_link_flush(struct hume_track *track);
/* The connection has failed: the track waits, or ends if its owner has closed it. */
void hume_link_fail(struct hume_track *track, const char *why);
/* Drops the connection, if there is one. */
void hume_link_drop(struct hume_track *track);

#endif

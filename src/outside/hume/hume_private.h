/* Private to hume.c (the service as a whole), hume_track.c (a track's connection) and hume_queue.c
 * (what it has to send). */
#ifndef OUTSIDE_HUME_PRIVATE_H
#define OUTSIDE_HUME_PRIVATE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/text.h"
#include "net/loop.h"
#include "net/ws/ws_conn.h"
#include "outside/hume/hume.h"
#include "outside/hume/hume_reading.h"
#include "wire/web/url.h"

enum {
    HUME_TICK_MS = 50,
    HUME_IN_FLIGHT = 8, /* blocks that may be unanswered */
    HUME_RECENT = 12,   /* frames kept in case they are refused as too fast */
    HUME_PRE_ROLL = 2,  /* frames of silence kept to be sent before speech */
    HUME_SEGMENTS = 32, /* stretches of meeting time in a session's audio */
    HUME_BACK_OFF_MS = 1000,
    HUME_BACK_OFF_MAX_MS = 30000,
};

/* --- what a track has to send, in order: audio, and between it the ends of groups --- */

struct hume_item {
    struct list node;
    bool is_flush;
    bool is_dropped; /* audio that was given up: its samples are gone, its place is kept */
    int64_t from_ms; /* audio: meeting time; a flush: when it was */
    uint32_t samples;
    int16_t pcm[];
};

struct hume_queue {
    struct list items;
    unsigned waiting;           /* audio items that are not dropped */
    _Atomic size_t *kept_bytes; /* of all queues */
    /* What became of the current group's audio so far. */
    unsigned sent, dropped, failed;
};

void hume_queue_init(struct hume_queue *queue, _Atomic size_t *kept_bytes);
void hume_queue_add(struct hume_queue *queue, struct hume_item *item);
/* Keeps at most `limit` audio items: the oldest go. Returns how many went. */
unsigned hume_queue_limit(struct hume_queue *queue, unsigned limit);
struct hume_item *hume_queue_first(const struct hume_queue *queue); /* NULL when empty */
/* Takes the first item off and notes what became of it; the caller frees it. */
struct hume_item *hume_queue_take(struct hume_queue *queue, enum hume_fate fate);
/* Puts an audio item back in front. */
void hume_queue_put_back(struct hume_queue *queue, struct hume_item *item);
/* The fate of the group that ends here, when some part of it met each of those. */
enum hume_fate hume_queue_end_group(struct hume_queue *queue);

/* --- tracks --- */

enum hume_state {
    HUME_IDLE,     /* no connection, none needed */
    HUME_WANTING,  /* something to send; waits for its turn to dial */
    HUME_DIALLING, /* until the handshake, and with v1 until the session is created */
    HUME_OPEN,
    HUME_WAITING, /* until the next attempt */
    HUME_LEAVING, /* closed by the owner; sends the rest, waits for the service's goodbye */
    HUME_STATES,
};

struct hume_track {
    struct list node;
    struct hume *hume;
    const struct hume_listener *listener;
    void *arg;
    char name[TEXT_NAME_SIZE];
    enum hume_state state;
    struct ws_conn *ws;
    struct hume_queue queue;
    uint32_t group;            /* samples of a group */
    struct hume_item *filling; /* the block or frame being collected, or NULL */
    uint32_t filled;           /* samples in it */
    bool is_speech;            /* in it */
    bool is_proven;            /* the service has answered on this connection */
    bool said_goodbye;
    size_t unsent_bytes; /* of the connection, as far as they are counted among the kept ones */
    unsigned backlog;    /* items that waited when it opened, fewer as they go out */
    unsigned failures;   /* in a row */
    int64_t since_ms;    /* of the state */
    int64_t blocked_ms;  /* since when the connection takes nothing; 0 = it does */
    int64_t resume_ms;   /* HUME_WAITING: until then */

    /* v0 */
    uint64_t next_id;
    unsigned in_flight;
    struct {
        uint64_t id;
        int64_t from_ms, length_ms, sent_ms;
    } flights[HUME_IN_FLIGHT];

    /* v1 */
    int64_t session_ms; /* audio sent in this session */
    int64_t pace_ms;    /* loop time at which what was sent has been played */
    int64_t frame_ms;   /* loop time of the last frame */
    int64_t spoke_ms;   /* meeting time of the last speech */
    unsigned recent_count, pre_roll_count, segment_count;
    struct hume_item *recent[HUME_RECENT], *pre_roll[HUME_PRE_ROLL];
    struct {
        int64_t session_ms, meeting_ms, sent_ms;
    } segments[HUME_SEGMENTS];
};

/* hume_track.c */
void hume_track_on_tick(struct hume_track *track);
void hume_track_free(struct hume_track *track);

/* hume_v0_talk.c and hume_v1_talk.c: how a generation collects, sends and listens. */
struct hume_speech {
    unsigned queue_limit; /* audio items that may wait, besides the backlog */
    unsigned
        queue_least; /* those that may wait even when nothing else may: they wait for their time */
    bool needs_session; /* not open before the service said so */
    uint32_t (*item_samples)(const struct hume_track *track); /* of a whole audio item */
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

extern const struct hume_speech hume_speech_v0, hume_speech_v1;

/* Room for n samples; pcm NULL leaves them to be filled in. */
struct hume_item *hume_item_new(int64_t from_ms, const int16_t *pcm, size_t n);
/* Takes samples into track->filling, which is begun with room for `whole`; returns how many fitted. */
size_t hume_track_fill(struct hume_track *track, size_t whole, const int16_t *pcm, size_t n,
                       int64_t from_ms);
struct hume_item *hume_track_take_filled(struct hume_track *track); /* NULL when there is nothing */
/* There is something worth sending, or will be soon. */
void hume_track_need(struct hume_track *track);
void hume_track_push(struct hume_track *track, struct hume_item *item);
void hume_track_feel(struct hume_track *track, const struct feeling *feeling, int64_t from_ms,
                     int64_t to_ms, int64_t sent_ms);

/* --- the service --- */

struct hume {
    struct loop *loop;
    char *url_text, *proxy_text, *headers;
    struct url url, proxy;
    bool has_proxy, has_key, hello, skip_silence, normalize, has_ticked;
    const struct tls *tls;
    const struct hume_speech *speech;
    struct expressions expressions;
    struct list tracks;
    struct timer timer;
    struct hume_stats stats;
    struct ws_stats ws_stats;
    struct hume_limiter *limiter, own_limiter;
    int64_t handshake_us;     /* from one to the next */
    bool is_reached;          /* the last handshakes worked */
    int64_t knocked_ms;       /* when somebody first tried, while it is not reached; 0 = nobody */
    unsigned failures;        /* in a row, of all tracks */
    int64_t breaker_until_ms; /* 0 = closed; else when a probe may go out */
    int64_t breaker_wait_ms;
    struct hume_track *probe;
    unsigned wanting, dialling; /* tracks in these states */
    int64_t refused_until_ms;   /* 0 = not refused */
    char refusal[HUME_CODE_SIZE];
};

int64_t hume_now_ms(const struct hume *hume);
bool hume_may_try(const struct hume *hume);
/* A track without a connection may begin to collect audio. */
bool hume_has_room(const struct hume *hume);
/* A track that waits may go on waiting: its turn can come soon. */
bool hume_may_wait(const struct hume *hume);
/* Audio that waits takes all the room that it may. */
bool hume_is_full(const struct hume *hume);
bool hume_take_handshake(struct hume *hume, struct hume_track *track); /* limiter and breaker */
void hume_reached(struct hume *hume);                                  /* a connection stands */
void hume_succeeded(struct hume *hume, struct hume_track *track);
void hume_failed(struct hume *hume, struct hume_track *track, const char *why);
/* The service says no for good: nobody tries for ten minutes, then one. */
void hume_refused(struct hume *hume, struct hume_track *track, const char *code);
void hume_count_code(struct hume *hume, const char *code, const char *track_name);
int64_t
hume_back_off_ms(unsigned failures); /* 1 s, 2 s ... 30 s, less up to half of it at random */

#endif

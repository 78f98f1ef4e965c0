/* What control tells a shard and a shard control, each as one message. */
#include "app/shard/shard_private.h"

#include "app/media/joined_room.h"
#include "app/media/packet_track.h"
#include "base/macros.h"
#include "base/mem.h"
#include "meeting/report.h"
#include "wire/web/json_write.h"

#include <assert.h>
#include <string.h>

/* ---- From control to the shard ---- */

struct meeting_mail {
    struct mail mail;
    uint64_t key;
    char id[TRACK_NAME_BYTES + 1];
};

static void text_put(char out[TRACK_NAME_BYTES + 1], struct slice text) {
    assert(text.len <= TRACK_NAME_BYTES);
    memcpy(out, text.ptr ? text.ptr : "", text.len);
    out[text.len] = 0;
}

static void meeting_send(struct shard *shard, uint64_t key, struct slice id,
                         void (*deliver)(struct mail *, void *)) {
    struct meeting_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = deliver;
    m->key = key;
    text_put(m->id, id);
    station_send(shard->station, &m->mail);
}

static void add_deliver(struct mail *mail, void *owner) {
    struct meeting_mail *m = (struct meeting_mail *)mail;
    struct shard *shard = shard_of(owner);
    struct live_meeting *live = live_meeting_new(&shard->core, m->key, slice_from(m->id));
    list_add(&shard->meetings, &live->in_shard);
    map_set(&shard->by_key, slice_of(&m->key, sizeof m->key), live);
    mem_free(m);
}

void shard_add_meeting(struct shard *shard, uint64_t key, struct slice id) {
    meeting_send(shard, key, id, add_deliver);
}

static void rename_deliver(struct mail *mail, void *owner) {
    struct meeting_mail *m = (struct meeting_mail *)mail;
    struct live_meeting *live = shard_find(shard_of(owner), m->key);
    if (live) {
        slice_replace_text(&live->id, slice_from(m->id));
        tracks_rename(live);
    }
    mem_free(m);
}

void shard_rename_meeting(struct shard *shard, uint64_t key, struct slice id) {
    meeting_send(shard, key, id, rename_deliver);
}

static void remove_deliver(struct mail *mail, void *owner) {
    struct meeting_mail *m = (struct meeting_mail *)mail;
    struct shard *shard = shard_of(owner);
    struct live_meeting *live = map_remove(&shard->by_key, slice_of(&m->key, sizeof m->key));
    if (live)
        live_meeting_free(live);
    mem_free(m);
}

void shard_remove_meeting(struct shard *shard, uint64_t key) {
    meeting_send(shard, key, SLICE_NONE, remove_deliver);
}

struct rules_mail {
    struct mail mail;
    uint64_t key;
    struct rules rules;
};

static void rules_deliver(struct mail *mail, void *owner) {
    struct rules_mail *m = (struct rules_mail *)mail;
    struct live_meeting *live = shard_find(shard_of(owner), m->key);
    if (live)
        meeting_set_rules(live->engine, &m->rules);
    mem_free(m);
}

void shard_set_rules(struct shard *shard, uint64_t key, const struct rules *rules) {
    struct rules_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = rules_deliver;
    m->key = key;
    m->rules = *rules;
    station_send(shard->station, &m->mail);
}

struct news_mail {
    struct mail mail;
    uint64_t key;
    struct person_news news;
    char identity[TRACK_NAME_BYTES + 1], name[TRACK_NAME_BYTES + 1], track[TRACK_NAME_BYTES + 1];
};

static void news_deliver(struct mail *mail, void *owner) {
    struct news_mail *m = (struct news_mail *)mail;
    struct live_meeting *live = shard_find(shard_of(owner), m->key);
    if (live) {
        live_meeting_hear_news(live, &m->news);
        tracks_hear_news(live, &m->news);
        if (m->name[0])
            tracks_rename(live);
        shard_look_people(live);
    }
    mem_free(m);
}

static struct slice text_keep(char out[TRACK_NAME_BYTES + 1], struct slice text) {
    text_put(out, text);
    return slice_of(out, text.len);
}

void shard_tell_news(struct shard *shard, uint64_t key, const struct person_news *news) {
    struct news_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = news_deliver;
    m->key = key;
    m->news = *news;
    m->news.identity = text_keep(m->identity, news->identity);
    m->news.name = text_keep(m->name, news->name);
    m->news.track = text_keep(m->track, news->track);
    station_send(shard->station, &m->mail);
}

struct take_mail {
    struct mail mail;
    uint64_t key;
    struct track_params params;
    struct stream *stream;
    char accept[WS_ACCEPT_SIZE];
};

static void take_deliver(struct mail *mail, void *owner) {
    struct take_mail *m = (struct take_mail *)mail;
    shard_on_take(shard_of(owner), m->key, &m->params, m->stream, m->accept);
    mem_free(m);
}

void shard_take_track(struct shard *shard, uint64_t key, const struct track_params *params,
                      struct stream *stream, const char accept[WS_ACCEPT_SIZE]) {
    struct take_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = take_deliver;
    m->key = key;
    m->params = *params;
    m->stream = stream;
    memcpy(m->accept, accept, WS_ACCEPT_SIZE);
    station_send(shard->station, &m->mail);
}

/* ---- Questions: one message there and back ---- */

struct describe_mail {
    struct mail mail;
    uint64_t key;
    enum shard_question question;
    struct buf json;
    shard_text_fn *answer;
    void *user;
};

static void describe_return(struct mail *mail, void *owner) {
    struct describe_mail *m = (struct describe_mail *)mail;
    m->answer(buf_slice(&m->json), m->user);
    buf_free(&m->json);
    mem_free(m);
}

static void describe_deliver(struct mail *mail, void *owner) {
    struct describe_mail *m = (struct describe_mail *)mail;
    struct shard *shard = shard_of(owner);
    const struct live_meeting *live = shard_find(shard, m->key);
    if (live) {
        json_open(&m->json, NULL);
        if (m->question == SHARD_VIEW) {
            live_meeting_write_view(live, &m->json);
        } else if (m->question == SHARD_REPORT) {
            live_meeting_write_report(live, &m->json);
        } else {
            live_meeting_describe(live, &m->json);
            tracks_write_doubts(live, &m->json);
            packet_tracks_describe(live, &m->json);
        }
        json_close(&m->json);
    }
    m->mail.deliver = describe_return;
    mailbox_send(shard->control, &m->mail);
}

void shard_ask_meeting(struct shard *shard, uint64_t key, enum shard_question question,
                       shard_text_fn *answer, void *user) {
    struct describe_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = describe_deliver;
    m->key = key;
    m->question = question;
    m->answer = answer;
    m->user = user;
    station_send(shard->station, &m->mail);
}

struct stats_mail {
    struct mail mail;
    struct shard_stats stats;
    shard_stats_fn *answer;
    void *user;
};

static void stats_return(struct mail *mail, void *owner) {
    struct stats_mail *m = (struct stats_mail *)mail;
    m->answer(&m->stats, m->user);
    mem_free(m);
}

static void stats_deliver(struct mail *mail, void *owner) {
    struct stats_mail *m = (struct stats_mail *)mail;
    struct shard *shard = shard_of(owner);
    m->stats = shard->core.stats;
    m->stats.hume = *hume_stats(shard->core.hume);
    joined_rooms_add_stats(&shard->core, &m->stats.room);
    m->mail.deliver = stats_return;
    mailbox_send(shard->control, &m->mail);
}

void shard_ask_stats(struct shard *shard, shard_stats_fn *answer, void *user) {
    struct stats_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = stats_deliver;
    m->answer = answer;
    m->user = user;
    station_send(shard->station, &m->mail);
}

struct drain_mail {
    struct mail mail;
    void (*on_drained)(void *user);
    void *user;
};

static void drain_return(struct mail *mail, void *owner) {
    struct drain_mail *m = (struct drain_mail *)mail;
    m->on_drained(m->user);
    mem_free(m);
}

static void drain_deliver(struct mail *mail, void *owner) {
    mail->deliver = drain_return;
    shard_on_drain(shard_of(owner), mail);
}

void shard_drain(struct shard *shard, void (*on_drained)(void *user), void *user) {
    struct drain_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = drain_deliver;
    m->on_drained = on_drained;
    m->user = user;
    station_send(shard->station, &m->mail);
}

/* ---- From the shard to control ---- */

/* Carries its listener: it may be delivered after the shard is gone. */
struct feedback_mail {
    struct mail mail;
    struct shard_listener listener;
    uint64_t key;
    struct feedback feedback;
};

static void feedback_deliver(struct mail *mail, void *owner) {
    struct feedback_mail *m = (struct feedback_mail *)mail;
    m->listener.on_feedback(m->key, &m->feedback, m->listener.user);
    mem_free(m);
}

void shard_tell_feedback(const struct feedback *feedback, void *live_meeting) {
    const struct live_meeting *live = live_meeting;
    struct shard *shard = CONTAINER_OF(live->core, struct shard, core);
    report_event(meeting_report(live->engine), feedback);
    struct feedback_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = feedback_deliver;
    m->listener = shard->listener;
    m->key = live->key;
    m->feedback = *feedback;
    mailbox_send(shard->control, &m->mail);
}

struct track_mail {
    struct mail mail;
    struct shard_listener listener;
    struct shard_track_event event;
};

static void track_deliver(struct mail *mail, void *owner) {
    struct track_mail *m = (struct track_mail *)mail;
    m->listener.on_track(&m->event, m->listener.user);
    mem_free(m);
}

void shard_tell_track(struct shard *shard, const struct shard_track_event *event) {
    struct track_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = track_deliver;
    m->listener = shard->listener;
    m->event = *event;
    mailbox_send(shard->control, &m->mail);
}

struct silent_mail {
    struct mail mail;
    struct shard_listener listener;
    uint64_t key;
    char identity[TRACK_NAME_BYTES + 1], track[TRACK_NAME_BYTES + 1];
};

static void silent_deliver(struct mail *mail, void *owner) {
    struct silent_mail *m = (struct silent_mail *)mail;
    m->listener.on_silent(m->key, slice_from(m->identity), slice_from(m->track), m->listener.user);
    mem_free(m);
}

void shard_tell_silent(uint64_t key, struct slice identity, struct slice track, void *user) {
    struct shard *shard = user;
    struct silent_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = silent_deliver;
    m->listener = shard->listener;
    m->key = key;
    text_put(m->identity, identity);
    text_put(m->track, track);
    mailbox_send(shard->control, &m->mail);
}

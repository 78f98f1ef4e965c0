#include "app/sessions/directory.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "net/loop.h"
#include "net/mailbox.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { SWEEP_MS = 1000 };

struct entry {
    uint64_t key;
    char *id;   /* meetingId; the room's name while provisional */
    char *room; /* its alias */
    unsigned shard;
    unsigned tracks; /* handed over and not yet reported ended */
    bool has_session, is_ended;
    int64_t idle_ms; /* since when nobody needs it */
    uint64_t seq;
    uint64_t counts[FEEDBACK_TYPES];
};

struct place {
    struct shard *shard;
    unsigned tracks, meetings;
};

struct directory {
    struct directory_config config;
    struct loop *loop;
    struct mailbox *mailbox;
    struct place *places;
    unsigned place_count;
    struct map by_key;
    struct map by_name; /* ids and rooms; a room's name belongs to its latest meeting */
    uint64_t last_key;
    size_t tracks;
    struct timer sweep;
    bool is_draining;
    unsigned drains_left;
    void (*on_drained)(void *arg);
    void *drained_arg;
};

/* --- entries --- */

static struct slice key_slice(const uint64_t *key) {
    return slice_of(key, sizeof *key);
}

static struct entry *entry_by_key(const struct directory *dir, uint64_t key) {
    return map_find(&dir->by_key, key_slice(&key));
}

static struct shard *entry_shard(const struct directory *dir, const struct entry *e) {
    return dir->places[e->shard].shard;
}

static unsigned place_choose(const struct directory *dir) {
    unsigned best = 0;
    for (unsigned i = 1; i < dir->place_count; i++)
        if (dir->places[i].tracks + dir->places[i].meetings <
            dir->places[best].tracks + dir->places[best].meetings)
            best = i;
    return best;
}

static struct entry *entry_new(struct directory *dir, struct slice id, struct slice room) {
    struct entry *e = mem_alloc(sizeof *e);
    e->key = ++dir->last_key;
    e->id = slice_copy_text(id);
    e->room = slice_copy_text(room);
    e->shard = place_choose(dir);
    e->idle_ms = loop_now_ms(dir->loop);
    dir->places[e->shard].meetings++;
    map_set(&dir->by_key, key_slice(&e->key), e);
    map_set(&dir->by_name, id, e);
    shard_add_meeting(entry_shard(dir, e), e->key, id, room);
    return e;
}

static void name_forget(struct directory *dir, const struct entry *e, const char *name) {
    if (map_find(&dir->by_name, slice_from(name)) == e)
        map_remove(&dir->by_name, slice_from(name));
}

static void entry_free(struct directory *dir, struct entry *e) {
    shard_remove_meeting(entry_shard(dir, e), e->key);
    dir->places[e->shard].meetings--;
    map_remove(&dir->by_key, key_slice(&e->key));
    name_forget(dir, e, e->id);
    name_forget(dir, e, e->room);
    mem_free(e->id);
    mem_free(e->room);
    mem_free(e);
}

static void entry_rename(struct directory *dir, struct entry *e, struct slice id,
                         struct slice room) {
    char *old_id = e->id, *old_room = e->room;
    e->id = slice_copy_text(id);
    e->room = slice_copy_text(room);
    name_forget(dir, e, old_id);
    name_forget(dir, e, old_room);
    mem_free(old_id);
    mem_free(old_room);
    map_set(&dir->by_name, slice_from(e->id), e);
    map_set(&dir->by_name, slice_from(e->room), e);
    shard_rename_meeting(entry_shard(dir, e), e->key, id, room);
}

static bool is_provisional(const struct entry *e) {
    return !e->has_session && !strcmp(e->id, e->room);
}

/* The meeting that goes on in a room, NULL when none is known. */
static struct entry *entry_by_room(const struct directory *dir, struct slice room) {
    struct entry *e = map_find(&dir->by_name, room);
    return e && !e->is_ended && slice_is_equal(slice_from(e->room), room) ? e : NULL;
}

static struct entry *entry_by_id(const struct directory *dir, struct slice id) {
    struct entry *e = id.len > 0 ? map_find(&dir->by_name, id) : NULL;
    return e && slice_is_equal(slice_from(e->id), id) ? e : NULL;
}

/*
 * The meeting for a pair of names of which the id may be empty. Whoever names a provisional meeting's room
 * together with an id tells it its id.
 */
static struct entry *entry_find(struct directory *dir, struct slice id, struct slice room) {
    struct entry *e = entry_by_id(dir, id);
    if (e && id.len > 0)
        return e;
    e = entry_by_room(dir, room);
    if (!e || id.len == 0 || slice_is_equal(slice_from(e->room), id))
        return e;
    if (!is_provisional(e))
        return NULL;
    entry_rename(dir, e, id, room);
    return e;
}

static struct entry *entry_need(struct directory *dir, struct slice id, struct slice room) {
    struct entry *e = entry_find(dir, id, room);
    if (e)
        return e;
    if (dir->by_key.len >= dir->config.max_meetings)
        return NULL;
    e = entry_new(dir, id.len > 0 ? id : room, room);
    if (!entry_by_room(dir, room))
        map_set(&dir->by_name, slice_from(e->room), e);
    return e;
}

/* --- what shards say --- */

static void on_feedback(void *arg, uint64_t key, const struct feedback *feedback) {
    struct directory *dir = arg;
    struct entry *e = entry_by_key(dir, key);
    if (!e)
        return;
    struct directory_feedback out = {.meeting_id = slice_from(e->id),
                                     .room_name = slice_from(e->room),
                                     .seq = ++e->seq,
                                     .now_ms = clock_wall_ms(),
                                     .feedback = feedback};
    e->counts[feedback->type]++;
    dir->config.on_feedback(dir->config.arg, &out);
}

static void on_track(void *arg, const struct shard_track_event *event) {
    struct directory *dir = arg;
    struct entry *e = entry_by_key(dir, event->meeting_key);
    assert(e); /* it stays while it has tracks */
    if (!event->opened) {
        e->tracks--;
        e->idle_ms = loop_now_ms(dir->loop);
        dir->places[e->shard].tracks--;
        dir->tracks--;
    }
    if (dir->config.on_track && event->track[0])
        dir->config.on_track(dir->config.arg, slice_from(e->id), event);
}

/* --- life --- */

static void on_sweep(void *arg) {
    struct directory *dir = arg;
    int64_t now_ms = loop_now_ms(dir->loop);
    struct map_cursor at = {0};
    struct slice key;
    void *value;
    while (map_next(&dir->by_key, &at, &key, &value)) {
        struct entry *e = value;
        bool is_needed = e->tracks > 0 || (e->has_session && !e->is_ended);
        if (!is_needed && now_ms - e->idle_ms >= dir->config.linger_ms)
            entry_free(dir, e);
    }
}

int directory_open(struct directory **out, struct loop *control,
                   const struct directory_config *config) {
    struct directory *dir = mem_alloc(sizeof *dir);
    dir->config = *config;
    dir->loop = control;
    dir->place_count = config->shards > 0 ? config->shards : 1;
    dir->places = mem_alloc_array(dir->place_count, sizeof *dir->places);
    map_init(&dir->by_key, 1);
    map_init(&dir->by_name, rand_u64());
    struct shard_listener listener = {.on_feedback = on_feedback, .on_track = on_track, .arg = dir};
    int err = mailbox_open(&dir->mailbox, control, dir);
    for (unsigned i = 0; !err && i < dir->place_count; i++)
        err = shard_open(&dir->places[i].shard, &dir->config.shard, control, dir->mailbox,
                         &listener, config->shards > 0, i);
    timer_start(control, &dir->sweep, SWEEP_MS, SWEEP_MS, on_sweep, dir);
    if (err) {
        directory_stop(dir);
        directory_close(dir);
        return err;
    }
    *out = dir;
    return 0;
}

static void on_shard_drained(void *arg) {
    struct directory *dir = arg;
    if (--dir->drains_left == 0)
        dir->on_drained(dir->drained_arg);
}

void directory_drain(struct directory *dir, void (*on_drained)(void *arg), void *arg) {
    dir->is_draining = true;
    dir->on_drained = on_drained;
    dir->drained_arg = arg;
    dir->drains_left = dir->place_count;
    for (unsigned i = 0; i < dir->place_count; i++)
        shard_drain(dir->places[i].shard, on_shard_drained, dir);
}

void directory_stop(struct directory *dir) {
    timer_stop(&dir->sweep);
    for (unsigned i = 0; i < dir->place_count; i++)
        shard_stop(dir->places[i].shard);
}

void directory_close(struct directory *dir) {
    if (!dir)
        return;
    for (unsigned i = 0; i < dir->place_count; i++)
        shard_close(dir->places[i].shard);
    mailbox_close(dir->mailbox);
    struct map_cursor at = {0};
    struct slice key;
    void *value;
    while (map_next(&dir->by_key, &at, &key, &value)) {
        struct entry *e = value;
        mem_free(e->id);
        mem_free(e->room);
        mem_free(e);
    }
    map_free(&dir->by_key);
    map_free(&dir->by_name);
    mem_free(dir->places);
    mem_free(dir);
}

/* --- sessions and people --- */

static bool is_name(struct slice name) {
    return text_is_identity(name, TRACK_NAME_BYTES);
}

int directory_start_session(struct directory *dir, struct slice meeting_id, struct slice room_name,
                            uint64_t next_seq) {
    if (!is_name(meeting_id) || !is_name(room_name))
        return EINVAL;
    struct entry *e = entry_need(dir, meeting_id, room_name);
    if (!e)
        return ENFILE;
    if (!slice_is_equal(slice_from(e->room), room_name) ||
        !slice_is_equal(slice_from(e->id), meeting_id))
        entry_rename(dir, e, meeting_id, room_name);
    map_set(&dir->by_name, room_name, e); /* the room's latest session has its name */
    e->has_session = true;
    e->is_ended = false;
    if (next_seq > e->seq + 1)
        e->seq = next_seq - 1;
    return 0;
}

void directory_end_session(struct directory *dir, struct slice meeting_id) {
    struct entry *e = entry_by_id(dir, meeting_id);
    if (!e || e->is_ended)
        return;
    e->has_session = true;
    e->is_ended = true;
    e->idle_ms = loop_now_ms(dir->loop);
}

int directory_set_participant(struct directory *dir, struct slice meeting_id,
                              struct slice room_name, struct slice identity, struct slice name,
                              bool host) {
    if (!is_name(room_name) || !is_name(identity) || (meeting_id.len > 0 && !is_name(meeting_id)))
        return EINVAL;
    struct entry *e = entry_need(dir, meeting_id, room_name);
    if (!e)
        return ENFILE;
    shard_set_participant(entry_shard(dir, e), e->key, identity, is_name(name) ? name : SLICE_NONE,
                          host);
    return 0;
}

bool directory_find(const struct directory *dir, struct slice name, struct slice *meeting_id,
                    struct slice *room_name) {
    const struct entry *e = map_find(&dir->by_name, name);
    if (!e)
        return false;
    *meeting_id = slice_from(e->id);
    *room_name = slice_from(e->room);
    return true;
}

/* --- tracks --- */

int directory_admits(const struct directory *dir, const struct track_params *params) {
    bool is_known = entry_by_id(dir, slice_from(params->meeting_id)) ||
                    entry_by_room(dir, slice_from(params->room));
    return dir->is_draining                                           ? ESHUTDOWN
           : dir->tracks >= dir->config.max_tracks                    ? EMFILE
           : !is_known && dir->by_key.len >= dir->config.max_meetings ? ENFILE
                                                                      : 0;
}

int directory_take_track(struct directory *dir, const struct track_params *params,
                         struct stream *stream, const char accept[WS_ACCEPT_SIZE]) {
    int err = directory_admits(dir, params);
    if (err)
        return err;
    struct entry *e = entry_need(dir, slice_from(params->meeting_id), slice_from(params->room));
    if (!e) /* the room is known, but as another meeting than the id says */
        return ENFILE;
    e->tracks++;
    dir->places[e->shard].tracks++;
    dir->tracks++;
    shard_take_track(entry_shard(dir, e), e->key, params, stream, accept);
    return 0;
}

/* --- answers --- */

struct question {
    shard_text_fn *answer;
    void *arg;
    char *id;
};

static void describe_answer(void *arg, struct slice json) {
    struct question *q = arg;
    struct buf none = {0};
    if (json.len == 0) {
        buf_add_text(&none, "{\"meetingId\":");
        text_add_json(&none, slice_from(q->id));
        buf_add_text(&none, ",\"participants\":[]}");
        json = buf_slice(&none);
    }
    q->answer(q->arg, json);
    buf_free(&none);
    mem_free(q->id);
    mem_free(q);
}

void directory_describe(struct directory *dir, struct slice meeting_id, shard_text_fn *answer,
                        void *arg) {
    struct question *q = mem_alloc(sizeof *q);
    *q = (struct question){answer, arg, slice_copy_text(meeting_id)};
    const struct entry *e = map_find(&dir->by_name, meeting_id);
    if (e)
        shard_describe_meeting(entry_shard(dir, e), e->key, describe_answer, q);
    else
        describe_answer(q, SLICE_NONE);
}

void directory_each(const struct directory *dir, directory_meeting_fn *fn, void *arg) {
    struct map_cursor at = {0};
    struct slice key;
    void *value;
    while (map_next(&dir->by_key, &at, &key, &value)) {
        const struct entry *e = value;
        fn(arg, slice_from(e->id), slice_from(e->room));
    }
}

bool directory_counts(const struct directory *dir, struct slice name,
                      uint64_t counts[FEEDBACK_TYPES]) {
    const struct entry *e = map_find(&dir->by_name, name);
    for (unsigned i = 0; i < FEEDBACK_TYPES; i++)
        counts[i] = e ? e->counts[i] : 0;
    return e != NULL;
}

struct inquiry {
    struct shard_stats total;
    size_t shards, left;
    directory_stats_fn *answer;
    void *arg;
};

static void on_stats(void *arg, const struct shard_stats *part) {
    struct inquiry *q = arg;
    counters_add(shard_counters, shard_counter_count, &q->total, part);
    if (--q->left > 0)
        return;
    q->answer(q->arg, &q->total, q->shards);
    mem_free(q);
}

void directory_ask_stats(struct directory *dir, directory_stats_fn *answer, void *arg) {
    struct inquiry *q = mem_alloc(sizeof *q);
    q->shards = q->left = dir->place_count;
    q->answer = answer;
    q->arg = arg;
    for (unsigned i = 0; i < dir->place_count; i++)
        shard_ask_stats(dir->places[i].shard, on_stats, q);
}

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
#include "wire/web/json_write.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { SWEEP_MS = 1000 };

struct directory_entry {
    uint64_t key;
    /* The meetingId; the room's name while provisional. */
    char *id;
    /* Its alias. */
    char *room;
    unsigned shard;
    /* Handed over and not yet reported ended. */
    unsigned tracks;
    bool has_session, is_ended;
    /* When the last session or track that needed it ended. */
    int64_t idle_ms;
    uint64_t seq;
    uint64_t counts[FEEDBACK_TYPES];
};

struct place {
    struct shard *shard;
    unsigned tracks, meetings;
};

struct directory {
    struct directory_settings set;
    struct loop *loop;
    struct mailbox *mailbox;
    struct place *places;
    unsigned place_count;
    struct map by_key;
    /* Ids and rooms; a room's name belongs to its latest meeting. */
    struct map by_name;
    uint64_t last_key;
    size_t tracks;
    struct timer sweep;
    bool is_draining;
    /* What shards still tell is dropped. */
    bool is_stopped;
    unsigned drains_left;
    void (*on_drained)(void *user);
    void *drained_user;
};

/* ---- Entries ---- */

static struct slice key_slice(const uint64_t *key) {
    return slice_of(key, sizeof *key);
}

static struct directory_entry *entry_by_key(const struct directory *dir, uint64_t key) {
    return map_find(&dir->by_key, key_slice(&key));
}

static struct shard *entry_shard(const struct directory *dir, const struct directory_entry *e) {
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

static struct directory_entry *entry_new(struct directory *dir, struct slice id,
                                         struct slice room) {
    struct directory_entry *e = mem_alloc(sizeof *e);
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

static void name_forget(struct directory *dir, const struct directory_entry *e, const char *name) {
    if (map_find(&dir->by_name, slice_from(name)) == e)
        map_remove(&dir->by_name, slice_from(name));
}

static void entry_free(struct directory *dir, struct directory_entry *e) {
    shard_remove_meeting(entry_shard(dir, e), e->key);
    dir->places[e->shard].meetings--;
    map_remove(&dir->by_key, key_slice(&e->key));
    name_forget(dir, e, e->id);
    name_forget(dir, e, e->room);
    mem_free(e->id);
    mem_free(e->room);
    mem_free(e);
}

static void entry_rename(struct directory *dir, struct directory_entry *e, struct slice id,
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

static bool is_provisional(const struct directory_entry *e) {
    return !e->has_session && !strcmp(e->id, e->room);
}

/* The room's meeting that has not ended, NULL when none is known. */
static struct directory_entry *entry_by_room(const struct directory *dir, struct slice room) {
    struct directory_entry *e = map_find(&dir->by_name, room);
    return e && !e->is_ended && slice_is_equal(slice_from(e->room), room) ? e : NULL;
}

static struct directory_entry *entry_by_id(const struct directory *dir, struct slice id) {
    struct directory_entry *e = id.len > 0 ? map_find(&dir->by_name, id) : NULL;
    return e && slice_is_equal(slice_from(e->id), id) ? e : NULL;
}

/* The meeting for a pair of names of which the id may be empty. An id that comes with the room of a
 * provisional meeting becomes the id of that meeting. */
static struct directory_entry *entry_find(struct directory *dir, struct slice id,
                                          struct slice room) {
    struct directory_entry *e = entry_by_id(dir, id);
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

static struct directory_entry *entry_need(struct directory *dir, struct slice id,
                                          struct slice room) {
    struct directory_entry *e = entry_find(dir, id, room);
    if (e)
        return e;
    if (dir->by_key.len >= dir->set.max_meetings)
        return NULL;
    e = entry_new(dir, id.len > 0 ? id : room, room);
    if (!entry_by_room(dir, room))
        map_set(&dir->by_name, slice_from(e->room), e);
    return e;
}

/* ---- What shards tell ---- */

static void feedback_pass(uint64_t key, const struct feedback *feedback, void *user) {
    struct directory *dir = user;
    struct directory_entry *e = entry_by_key(dir, key);
    if (!e || dir->is_stopped)
        return;
    struct directory_feedback out = {.meeting_id = slice_from(e->id),
                                     .room_name = slice_from(e->room),
                                     .seq = ++e->seq,
                                     .now_ms = clock_wall_ms(),
                                     .feedback = feedback};
    e->counts[feedback->type]++;
    dir->set.on_feedback(&out, dir->set.feedback_user);
}

static void track_follow(const struct shard_track_event *event, void *user) {
    struct directory *dir = user;
    struct directory_entry *e = entry_by_key(dir, event->meeting_key);
    assert(e); /* it is kept while it has tracks */
    if (!event->is_opened) {
        e->tracks--;
        e->idle_ms = loop_now_ms(dir->loop);
        dir->places[e->shard].tracks--;
        dir->tracks--;
    }
    if (!dir->is_stopped && event->track[0])
        dir->set.on_track(slice_from(e->id), event, dir->set.track_user);
}

/* ---- Life ---- */

static void on_sweep(void *arg) {
    struct directory *dir = arg;
    int64_t now_ms = loop_now_ms(dir->loop);
    MAP_EACH(&dir->by_key, at) {
        struct directory_entry *e = at.value;
        bool is_needed = e->tracks > 0 || (e->has_session && !e->is_ended);
        if (!is_needed && now_ms - e->idle_ms >= dir->set.linger_ms)
            entry_free(dir, e);
    }
}

int directory_open(struct directory **out, struct loop *control,
                   const struct directory_settings *set) {
    struct directory *dir = mem_alloc(sizeof *dir);
    dir->set = *set;
    dir->loop = control;
    dir->place_count = set->shards > 0 ? set->shards : 1;
    dir->places = mem_alloc_array(dir->place_count, sizeof *dir->places);
    map_init(&dir->by_key, 1);
    map_init(&dir->by_name, rand_u64());
    const struct shard_listener listener = {feedback_pass, track_follow, dir};
    struct loop *shards_loop = set->shards > 0 ? NULL : control;
    int err = mailbox_open(&dir->mailbox, control, dir);
    for (unsigned i = 0; !err && i < dir->place_count; i++)
        err = shard_open(&dir->places[i].shard, &dir->set.shard, i, shards_loop, dir->mailbox,
                         &listener);
    timer_start(control, &dir->sweep, SWEEP_MS, SWEEP_MS, on_sweep, dir);
    if (err) {
        directory_stop(dir);
        directory_close(dir);
        return err;
    }
    *out = dir;
    return 0;
}

static void on_shard_drained(void *user) {
    struct directory *dir = user;
    if (--dir->drains_left == 0)
        dir->on_drained(dir->drained_user);
}

void directory_drain(struct directory *dir, void (*on_drained)(void *user), void *user) {
    dir->is_draining = true;
    dir->on_drained = on_drained;
    dir->drained_user = user;
    dir->drains_left = dir->place_count;
    for (unsigned i = 0; i < dir->place_count; i++)
        shard_drain(dir->places[i].shard, on_shard_drained, dir);
}

void directory_stop(struct directory *dir) {
    dir->is_stopped = true;
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
    MAP_EACH(&dir->by_key, at) {
        struct directory_entry *e = at.value;
        mem_free(e->id);
        mem_free(e->room);
        mem_free(e);
    }
    map_free(&dir->by_key);
    map_free(&dir->by_name);
    mem_free(dir->places);
    mem_free(dir);
}

/* ---- Sessions and people ---- */

static bool is_name(struct slice name) {
    return text_is_identity(name, TRACK_NAME_BYTES);
}

int directory_start_session(struct directory *dir, struct slice meeting_id, struct slice room_name,
                            uint64_t next_seq) {
    if (!is_name(meeting_id) || !is_name(room_name))
        return EINVAL;
    struct directory_entry *e = entry_need(dir, meeting_id, room_name);
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
    struct directory_entry *e = entry_by_id(dir, meeting_id);
    if (!e || e->is_ended)
        return;
    e->has_session = true;
    e->is_ended = true;
    e->idle_ms = loop_now_ms(dir->loop);
}

int directory_set_participant(struct directory *dir, struct slice meeting_id,
                              struct slice room_name, struct slice identity, struct slice name,
                              bool is_host) {
    if (!is_name(room_name) || !is_name(identity) || (meeting_id.len > 0 && !is_name(meeting_id)))
        return EINVAL;
    struct directory_entry *e = entry_need(dir, meeting_id, room_name);
    if (!e)
        return ENFILE;
    shard_set_participant(entry_shard(dir, e), e->key, identity, is_name(name) ? name : SLICE_NONE,
                          is_host);
    return 0;
}

bool directory_find(const struct directory *dir, struct slice name, struct slice *meeting_id,
                    struct slice *room_name) {
    const struct directory_entry *e = map_find(&dir->by_name, name);
    if (!e)
        return false;
    *meeting_id = slice_from(e->id);
    *room_name = slice_from(e->room);
    return true;
}

/* ---- Tracks ---- */

int directory_admits(const struct directory *dir, const struct track_params *params) {
    bool is_known = entry_by_id(dir, slice_from(params->meeting_id)) ||
                    entry_by_room(dir, slice_from(params->room));
    return dir->is_draining                                        ? ESHUTDOWN
           : dir->tracks >= dir->set.max_tracks                    ? EMFILE
           : !is_known && dir->by_key.len >= dir->set.max_meetings ? ENFILE
                                                                   : 0;
}

int directory_take_track(struct directory *dir, const struct track_params *params,
                         struct stream *stream, const char accept[WS_ACCEPT_SIZE]) {
    int err = directory_admits(dir, params);
    if (err)
        return err;
    struct directory_entry *e =
        entry_need(dir, slice_from(params->meeting_id), slice_from(params->room));
    if (!e) /* the room is known as another meeting than the id names */
        return ENFILE;
    e->tracks++;
    dir->places[e->shard].tracks++;
    dir->tracks++;
    shard_take_track(entry_shard(dir, e), e->key, params, stream, accept);
    return 0;
}

/* ---- Answers ---- */

struct directory_question {
    shard_text_fn *answer;
    void *user;
    char *id;
};

static void describe_answer(struct slice json, void *user) {
    struct directory_question *q = user;
    struct buf none = {0};
    if (json.len == 0) {
        json_open(&none, NULL);
        json_add_text(&none, "meetingId", slice_from(q->id));
        json_open_array(&none, "participants");
        json_close_array(&none);
        json_close(&none);
        json = buf_slice(&none);
    }
    q->answer(json, q->user);
    buf_free(&none);
    mem_free(q->id);
    mem_free(q);
}

void directory_describe(struct directory *dir, struct slice meeting_id, shard_text_fn *answer,
                        void *user) {
    struct directory_question *q = mem_alloc(sizeof *q);
    *q = (struct directory_question){answer, user, slice_copy_text(meeting_id)};
    const struct directory_entry *e = map_find(&dir->by_name, meeting_id);
    if (e)
        shard_describe_meeting(entry_shard(dir, e), e->key, describe_answer, q);
    else
        describe_answer(SLICE_NONE, q);
}

void directory_each(const struct directory *dir, directory_meeting_fn *fn, void *user) {
    MAP_EACH(&dir->by_key, at) {
        const struct directory_entry *e = at.value;
        fn(slice_from(e->id), slice_from(e->room), user);
    }
}

bool directory_counts(const struct directory *dir, struct slice name,
                      uint64_t counts[FEEDBACK_TYPES]) {
    const struct directory_entry *e = map_find(&dir->by_name, name);
    for (unsigned i = 0; i < FEEDBACK_TYPES; i++)
        counts[i] = e ? e->counts[i] : 0;
    return e != NULL;
}

struct directory_sum {
    struct shard_stats total;
    size_t shards, left;
    directory_stats_fn *answer;
    void *user;
};

static void stats_add(const struct shard_stats *part, void *user) {
    struct directory_sum *sum = user;
    counters_add(shard_counters, shard_counter_count, &sum->total, part);
    if (--sum->left > 0)
        return;
    sum->answer(&sum->total, sum->shards, sum->user);
    mem_free(sum);
}

void directory_ask_stats(struct directory *dir, directory_stats_fn *answer, void *user) {
    struct directory_sum *sum = mem_alloc(sizeof *sum);
    sum->shards = sum->left = dir->place_count;
    sum->answer = answer;
    sum->user = user;
    for (unsigned i = 0; i < dir->place_count; i++)
        shard_ask_stats(dir->places[i].shard, stats_add, sum);
}

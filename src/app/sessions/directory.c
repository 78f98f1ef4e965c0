#include "app/sessions/directory_private.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "meeting/rules.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "wire/web/json_write.h"

#include <assert.h>
#include <errno.h>

enum { SWEEP_MS = 1000 };

/* ---- What shards tell ---- */

static void entry_tell(struct directory *dir, struct directory_entry *e,
                       const struct feedback *feedback) {
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

static void feedback_pass(uint64_t key, const struct feedback *feedback, void *user) {
    entry_tell(user, directory_entry_by_key(user, key), feedback);
}

void directory_tell(struct directory *dir, struct slice meeting_id,
                    const struct feedback *feedback) {
    entry_tell(dir, directory_entry_by_id(dir, meeting_id), feedback);
}

/* A track, or a joined room, has been handed to the entry's shard; or it has ended. */
static void track_count(struct directory *dir, struct directory_entry *e, bool is_new) {
    size_t change = is_new ? 1 : (size_t)-1;
    e->tracks += (unsigned)change;
    dir->places[e->shard].tracks += (unsigned)change;
    dir->tracks += change;
    directory_entry_touch(dir, e);
    if (!is_new)
        e->idle_ms = loop_now_ms(dir->loop);
}

static void track_follow(const struct shard_track_event *event, void *user) {
    struct directory *dir = user;
    struct directory_entry *e = directory_entry_by_key(dir, event->meeting_key);
    assert(e); /* it is kept while it has tracks */
    if (!event->is_opened)
        track_count(dir, e, false);
    if (!dir->is_stopped && event->track[0])
        dir->set.on_track(slice_from(e->id), event, dir->set.track_user);
}

static void silent_pass(uint64_t key, struct slice identity, struct slice track, void *user) {
    struct directory *dir = user;
    const struct directory_entry *e = directory_entry_by_key(dir, key);
    if (e && !dir->is_stopped && dir->set.on_silent)
        dir->set.on_silent(slice_from(e->id), identity, track, dir->set.silent_user);
}

static void view_pass(uint64_t key, enum live_watch what, struct slice json, void *user) {
    struct directory *dir = user;
    const struct directory_entry *e = directory_entry_by_key(dir, key);
    if (e && !dir->is_stopped && dir->set.on_view)
        dir->set.on_view(slice_from(e->id), slice_from(e->room), what, json, dir->set.view_user);
}

static void room_follow(const struct shard_room_event *event, void *user) {
    struct directory *dir = user;
    struct directory_entry *e = directory_entry_by_key(dir, event->meeting_key);
    assert(e); /* a joined room counts among its tracks */
    if (!dir->is_stopped && dir->set.on_room)
        dir->set.on_room(slice_from(e->id), event, dir->set.room_user);
    if (event->news == SHARD_ROOM_ENDED)
        track_count(dir, e, false);
}

/* ---- Life ---- */

static void on_sweep(void *user) {
    struct directory *dir = user;
    int64_t now_ms = loop_now_ms(dir->loop);
    MAP_EACH(&dir->by_key, at) {
        struct directory_entry *e = at.value;
        if (!directory_entry_goes_on(e) && now_ms - e->idle_ms >= dir->set.linger_ms)
            directory_entry_free(dir, e);
    }
}

int directory_open(struct directory **out, struct loop *control,
                   const struct directory_settings *set) {
    struct directory *dir = mem_alloc(sizeof *dir);
    dir->set = *set;
    dir->loop = control;
    dir->place_count = set->shards > 0 ? set->shards : 1;
    dir->places = mem_alloc_array(dir->place_count, sizeof *dir->places);
    list_init(&dir->quiet[false]);
    list_init(&dir->quiet[true]);
    map_init(&dir->by_key, 1);
    map_init(&dir->by_name, rand_u64());
    const struct shard_listener listener = {feedback_pass, track_follow, silent_pass,
                                            view_pass,     room_follow,  dir};
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
    MAP_EACH(&dir->by_key, at)
        directory_entry_forget(at.value);
    map_free(&dir->by_key);
    map_free(&dir->by_name);
    mem_free(dir->places);
    mem_free(dir);
}

void directory_refuse_new(struct directory *dir) {
    dir->refuses_new = true;
}

unsigned directory_count_going_on(const struct directory *dir) {
    unsigned count = 0;
    MAP_EACH(&dir->by_key, at)
        count += directory_entry_goes_on(at.value);
    return count;
}

/* ---- Sessions and people ---- */

static bool directory_is_name(struct slice name) {
    return text_is_identity(name, TRACK_NAME_BYTES);
}

int directory_start_session(struct directory *dir, struct slice meeting_id, struct slice room_name,
                            uint64_t next_seq) {
    if (!directory_is_name(meeting_id) || !directory_is_name(room_name))
        return EINVAL;
    struct directory_entry *e = directory_entry_need(dir, meeting_id, room_name, false);
    if (!e)
        return ENFILE;
    if (!slice_is_equal(slice_from(e->room), room_name) ||
        !slice_is_equal(slice_from(e->id), meeting_id))
        directory_entry_rename(dir, e, meeting_id, room_name);
    map_set(&dir->by_name, room_name, e); /* the room's latest session has its name */
    e->has_session = true;
    e->is_ended = false;
    if (next_seq > e->seq + 1)
        e->seq = next_seq - 1;
    return 0;
}

void directory_vouch(struct directory *dir, struct slice meeting_id) {
    struct directory_entry *e = directory_entry_by_id(dir, meeting_id);
    if (!e)
        return;
    e->is_signed = true;
    directory_entry_touch(dir, e);
}

bool directory_has_session(const struct directory *dir, struct slice meeting_id) {
    const struct directory_entry *e = directory_entry_by_id(dir, meeting_id);
    return e && e->has_session;
}

void directory_end_session(struct directory *dir, struct slice meeting_id) {
    struct directory_entry *e = directory_entry_by_id(dir, meeting_id);
    if (!e || e->is_ended)
        return;
    e->has_session = true;
    e->is_ended = true;
    e->idle_ms = loop_now_ms(dir->loop);
}

void directory_classify(struct directory *dir, struct slice meeting_id, struct slice organization,
                        struct slice kind) {
    struct directory_entry *e = directory_entry_by_id(dir, meeting_id);
    if (!e || (slice_is_equal(slice_from(e->organization), organization) &&
               slice_is_equal(slice_from(e->kind), kind)))
        return;
    slice_replace_text(&e->organization, organization);
    slice_replace_text(&e->kind, kind);
    directory_entry_send_rules(dir, e);
}

void directory_renew_rules(struct directory *dir) {
    MAP_EACH(&dir->by_key, at)
        directory_entry_send_rules(dir, at.value);
}

void directory_rules(const struct directory *dir, struct slice meeting_id, struct rules *rules) {
    const struct directory_entry *e = directory_entry_by_id(dir, meeting_id);
    if (dir->set.rules_of)
        dir->set.rules_of(slice_from(e ? e->organization : ""), slice_from(e ? e->kind : ""), rules,
                          dir->set.rules_user);
    else
        *rules = *dir->set.shard.rules;
}

int directory_tell_news(struct directory *dir, struct slice meeting_id, struct slice room_name,
                        const struct person_news *news) {
    if (!directory_is_name(room_name) || !directory_is_name(news->identity) ||
        (meeting_id.len > 0 && !directory_is_name(meeting_id)) ||
        (news->track.len > 0 && !directory_is_name(news->track)))
        return EINVAL;
    struct directory_entry *e = directory_entry_need(dir, meeting_id, room_name, false);
    if (!e)
        return ENFILE;
    struct person_news usable = *news;
    if (!directory_is_name(news->name))
        usable.name = SLICE_NONE;
    shard_tell_news(directory_entry_shard(dir, e), e->key, &usable);
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
    const struct directory_entry *e = directory_entry_by_id(dir, slice_from(params->meeting_id));
    if (!e)
        e = directory_entry_by_room(dir, slice_from(params->room));
    size_t others = params->is_signed ? 0 : dir->set.tracks_for_signed;
    bool is_new = !e || !directory_entry_goes_on(e);
    return dir->is_draining || (dir->refuses_new && is_new)    ? ESHUTDOWN
           : dir->tracks + others >= dir->set.max_tracks       ? EMFILE
           : !e && !directory_has_room(dir, params->is_signed) ? ENFILE
                                                               : 0;
}

int directory_take_track(struct directory *dir, const struct track_params *params,
                         struct stream *stream, const char accept[WS_ACCEPT_SIZE]) {
    int err = directory_admits(dir, params);
    if (err)
        return err;
    struct directory_entry *e = directory_entry_need(dir, slice_from(params->meeting_id),
                                                     slice_from(params->room), params->is_signed);
    if (!e) /* the room was known, but as another meeting than the id names */
        return ENFILE;
    track_count(dir, e, true);
    shard_take_track(directory_entry_shard(dir, e), e->key, params, stream, accept);
    return 0;
}

/* ---- Rooms ---- */

int directory_join_room(struct directory *dir, struct slice meeting_id,
                        const struct shard_ticket *ticket) {
    struct directory_entry *e = directory_entry_by_id(dir, meeting_id);
    if (dir->is_draining)
        return ESHUTDOWN;
    if (!e || (!ticket->is_first && e->tracks == 0))
        return ENOENT;
    if (ticket->is_first && dir->tracks >= dir->set.max_tracks)
        return EMFILE;
    if (ticket->is_first)
        track_count(dir, e, true);
    shard_join_room(directory_entry_shard(dir, e), e->key, ticket);
    return 0;
}

void directory_leave_room(struct directory *dir, struct slice meeting_id) {
    const struct directory_entry *e = directory_entry_by_id(dir, meeting_id);
    if (e)
        shard_leave_room(directory_entry_shard(dir, e), e->key);
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
        shard_ask_meeting(directory_entry_shard(dir, e), e->key, SHARD_DEBUG, describe_answer, q);
    else
        describe_answer(SLICE_NONE, q);
}

void directory_ask(struct directory *dir, struct slice name, enum shard_question question,
                   shard_text_fn *answer, void *user) {
    const struct directory_entry *e = map_find(&dir->by_name, name);
    if (e)
        shard_ask_meeting(directory_entry_shard(dir, e), e->key, question, answer, user);
    else
        answer(SLICE_NONE, user);
}

void directory_watch(struct directory *dir, struct slice meeting_id, unsigned what) {
    struct directory_entry *e = directory_entry_by_id(dir, meeting_id);
    if (!e || e->watched == what)
        return;
    e->watched = what;
    shard_watch_meeting(directory_entry_shard(dir, e), e->key, what);
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
    counters_add(shard_counters.rows, shard_counters.count, &sum->total, part);
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

const struct directory_stats *directory_stats(struct directory *dir) {
    dir->stats.meetings = dir->by_key.len;
    return &dir->stats;
}

#define AT(member) offsetof(struct directory_stats, member)

static const struct counter counters[] = {
    {"prosa_directory_meetings", "Meetings that are known.", COUNTER_GAUGE, AT(meetings)},
    {"prosa_meetings_gave_way_total", "Meetings without sound that others took the place of.",
     COUNTER_SUM, AT(gave_way)},
    {"prosa_meetings_refused_total", "Meetings that found no place.", COUNTER_SUM, AT(refused)},
};

const struct counter_table directory_counters = {counters, ARRAY_LEN(counters)};

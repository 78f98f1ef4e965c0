/* What streams are sent: the snapshot, what was missed, and everything as it happens. */
#include "app/config/config.h"
#include "app/hosts/hosts_stream_private.h"
#include "app/recordings/feedback_row.h"
#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "base/blob.h"
#include "base/clock.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/http/http_server.h"
#include "outside/store/store.h"
#include "wire/web/json.h"
#include "wire/web/json_write.h"

#include <string.h>

enum {
    PAGE = 200,              /* events at a time */
    AHEAD_BYTES = 256 << 10, /* that may wait for the client before we pause */
    LEVELS_BYTES = 32 << 10, /* ... before it misses levels */
    PAUSE_MS = 50,
    OPEN_MS = 10 * 60 * 1000, /* how long an event stays on the table */
};

/* An answer of the shard that outlives its stream. */
struct host_look {
    struct host_stream *stream; /* NULL: it is gone */
};

static void hosts_on_stream_step(void *arg);

void host_event_write(struct buf *out, const char *name, int64_t id, struct slice json) {
    if (id >= 0)
        buf_printf(out, "id: %lld\n", (long long)id);
    buf_printf(out, "event: %s\ndata: ", name);
    buf_add_slice(out, json);
    buf_add_text(out, "\n\n");
}

static struct blob *event_piece(const char *name, int64_t id, struct slice json) {
    struct buf text = {0};
    host_event_write(&text, name, id, json);
    struct blob *piece = http_piece_new(buf_slice(&text));
    buf_free(&text);
    return piece;
}

static bool send_event(struct host_stream *stream, const char *name, int64_t id,
                       struct slice json) {
    struct blob *piece = event_piece(name, id, json);
    bool is_there = host_stream_write(stream, piece);
    blob_unref(piece);
    return is_there;
}

/* ---- The snapshot ---- */

static const struct host_meeting *memory_of(const struct host_stream *stream) {
    return hosts_find_meeting(stream->client.hosts, host_stream_meeting(stream));
}

static uint64_t newest_seq(const struct host_meeting *meeting) {
    if (!meeting || meeting->events.len == 0)
        return 0;
    const struct host_event *newest = ring_at(&meeting->events, meeting->events.len - 1);
    return newest->seq;
}

static bool is_same_card(const struct feedback *a, const struct feedback *b) {
    return a->type == b->type && a->is_group == b->is_group &&
           strcmp(a->participant, b->participant) == 0;
}

static void add_card(struct buf *json, const struct host_stream *stream,
                     const struct host_meeting *meeting, size_t newest, size_t first) {
    const struct host_event *event = ring_at(&meeting->events, newest);
    int64_t first_ms = event->feedback.ts_ms;
    uint64_t count = 0;
    for (size_t i = first; i <= newest; i++) {
        const struct host_event *other = ring_at(&meeting->events, i);
        if (!is_same_card(&other->feedback, &event->feedback))
            continue;
        if (count++ == 0)
            first_ms = other->feedback.ts_ms;
    }
    json_open(json, NULL);
    json_add_uint(json, "count", count);
    json_add_int(json, "firstTs", first_ms);
    json_add_name(json, "feedback");
    feedback_write_json(json, &event->feedback, (enum locale)stream->client.locale,
                        slice_from(event->id), slice_from(meeting->id), event->seq);
    json_close(json);
}

/* The newest of each type and person. */
static void add_open_cards(struct buf *json, const struct host_stream *stream, int64_t now_ms) {
    const struct host_meeting *meeting = memory_of(stream);
    size_t count = meeting ? meeting->events.len : 0, first = count;
    while (first > 0) {
        const struct host_event *event = ring_at(&meeting->events, first - 1);
        if (event->feedback.ts_ms < now_ms - OPEN_MS)
            break;
        first--;
    }
    json_open_array(json, "open");
    for (size_t i = first; i < count; i++) {
        const struct host_event *event = ring_at(&meeting->events, i);
        bool is_newest = true;
        for (size_t k = i + 1; k < count && is_newest; k++) {
            const struct host_event *later = ring_at(&meeting->events, k);
            is_newest = !is_same_card(&later->feedback, &event->feedback);
        }
        if (is_newest)
            add_card(json, stream, meeting, i, first);
    }
    json_close_array(json);
}

/* `view`: what the shard has said, or empty. False: the stream is gone. */
static bool send_snapshot(struct host_stream *stream, const char *status, struct slice room,
                          const struct session *session, struct slice view) {
    struct buf json = {0};
    int64_t now_ms = clock_wall_ms();
    uint64_t seq = newest_seq(memory_of(stream));
    json_open(&json, NULL);
    json_add_text(&json, "meetingId", host_stream_meeting(stream));
    json_add_text(&json, "roomName", room);
    json_add_text(&json, "status", slice_from(status));
    if (session)
        json_add_int(&json, "startedAt", session->started_ms);
    json_add_int(&json, "now", now_ms);
    if (strcmp(status, "WAITING") != 0) {
        json_add_uint(&json, "seq", seq);
        struct slice members = view.len > 0 ? json_inside(view) : SLICE_NONE;
        if (members.len > 0) {
            buf_add_byte(&json, ',');
            buf_add_slice(&json, members);
        }
        add_open_cards(&json, stream, now_ms);
    }
    json_close(&json);
    bool is_there =
        send_event(stream, "snapshot", stream->has_after ? (int64_t)stream->after : (int64_t)seq,
                   buf_slice(&json));
    buf_free(&json);
    return is_there;
}

static void go_on(struct host_stream *stream) {
    if (!stream->has_after) {
        stream->has_after = true;
        stream->after = newest_seq(memory_of(stream));
    }
    stream->state = STREAM_REPLAYING;
    stream->is_store_done = false;
    hosts_on_stream_step(stream);
}

static void hosts_on_stream_view(struct slice view, void *user) {
    struct host_look *look = user;
    struct host_stream *stream = look->stream;
    struct slice id = SLICE_NONE, room = SLICE_NONE;
    mem_free(look);
    if (!stream)
        return;
    stream->look = NULL;
    struct hosts *hosts = stream->client.hosts;
    const struct session *session = hosts_find_session(hosts, host_stream_meeting(stream));
    directory_find(hosts->settings.directory, host_stream_meeting(stream), &id, &room);
    if (session)
        room = slice_from(session->room_name);
    bool is_over = session && !session->is_active;
    if (!send_snapshot(stream, is_over ? "ENDED" : "ACTIVE", room, session, view))
        return;
    host_stream_watch(stream);
    go_on(stream);
}

void host_stream_forget(struct host_stream *stream) {
    if (stream->look)
        stream->look->stream = NULL;
    stream->look = NULL;
}

static void wait_for_meeting(struct host_stream *stream) {
    stream->state = STREAM_WAITING;
    send_snapshot(stream, "WAITING", slice_from(stream->channel->name), NULL, SLICE_NONE);
}

static void hosts_on_stream_session(int err, const struct store_session *row, void *arg) {
    struct host_stream *stream = arg;
    stream->call = NULL;
    if (err) {
        wait_for_meeting(stream);
        return;
    }
    const struct session past = {.started_ms = row->started_ms, .ended_ms = row->ended_ms};
    slice_replace_text(&stream->meeting_id, row->meeting_id);
    if (send_snapshot(stream, "ENDED", row->room_name, &past, SLICE_NONE))
        go_on(stream);
}

void host_stream_begin(struct host_stream *stream) {
    const struct hosts *hosts = stream->client.hosts;
    struct slice name = host_stream_meeting(stream), id, room;
    if (stream->state == STREAM_WAITING) {
        wait_for_meeting(stream);
    } else if (hosts_find_session(hosts, name) ||
               directory_find(hosts->settings.directory, name, &id, &room)) {
        stream->look = mem_alloc(sizeof *stream->look);
        stream->look->stream = stream;
        directory_ask(hosts->settings.directory, name, SHARD_VIEW, hosts_on_stream_view,
                      stream->look);
    } else {
        stream->call =
            store_session_get(hosts->settings.store, name, hosts_on_stream_session, stream);
    }
}

/* ---- What was missed ---- */

static bool is_ahead(struct host_stream *stream) {
    if (http_body_waiting(stream->req) < AHEAD_BYTES)
        return false;
    timer_start(stream->client.hosts->settings.loop, &stream->pause, PAUSE_MS, 0,
                hosts_on_stream_step, stream);
    return true;
}

static bool send_gap(struct host_stream *stream, uint64_t next) {
    struct buf json = {0};
    json_open(&json, NULL);
    json_add_uint(&json, "after", stream->after);
    json_add_uint(&json, "next", next);
    json_close(&json);
    bool is_there = send_event(stream, "gap", -1, buf_slice(&json));
    buf_free(&json);
    return is_there;
}

static bool replay(struct host_stream *stream, struct slice json, uint64_t seq) {
    if (seq > stream->after + 1 && !send_gap(stream, seq))
        return false;
    stream->client.hosts->counters.replayed++;
    stream->after = seq;
    return send_event(stream, "feedback", (int64_t)seq, json);
}

static uint64_t oldest_seq(const struct host_meeting *meeting) {
    if (!meeting || meeting->events.len == 0)
        return UINT64_MAX;
    const struct host_event *oldest = ring_at(&meeting->events, 0);
    return oldest->seq;
}

static void hosts_on_stream_page(int err, const struct store_feedback_list *list, void *arg) {
    struct host_stream *stream = arg;
    uint64_t oldest = oldest_seq(memory_of(stream));
    bool is_there = true;
    stream->call = NULL;
    stream->is_store_done = err || list->count < PAGE;
    for (size_t i = 0; !err && is_there && i < list->count; i++) {
        const struct store_feedback *row = &list->events[i];
        if ((uint64_t)row->seq >= oldest) {
            stream->is_store_done = true;
            break;
        }
        struct buf json = {0};
        feedback_row_write(&json, row);
        is_there = replay(stream, buf_slice(&json), (uint64_t)row->seq);
        buf_free(&json);
    }
    if (is_there)
        hosts_on_stream_step(stream);
}

static bool ask_store(struct host_stream *stream, const struct host_meeting *meeting) {
    const struct hosts *hosts = stream->client.hosts;
    struct slice id = meeting ? slice_from(meeting->id) : host_stream_meeting(stream);
    if (stream->is_store_done || oldest_seq(meeting) <= stream->after + 1)
        return false;
    stream->call = store_feedback_replay(hosts->settings.store, id, (int64_t)stream->after, PAGE,
                                         hosts_on_stream_page, stream);
    return true;
}

enum replayed { REPLAYED_ALL, REPLAYED_PAGE, REPLAYED_TO_NOBODY };

static enum replayed replay_memory(struct host_stream *stream, const struct host_meeting *meeting) {
    unsigned sent = 0;
    for (size_t i = 0; meeting && i < meeting->events.len; i++) {
        const struct host_event *event = ring_at(&meeting->events, i);
        if (event->seq <= stream->after)
            continue;
        if (sent++ == PAGE)
            return REPLAYED_PAGE;
        struct buf json = {0};
        feedback_write_json(&json, &event->feedback, (enum locale)stream->client.locale,
                            slice_from(event->id), slice_from(meeting->id), event->seq);
        bool is_there = replay(stream, buf_slice(&json), event->seq);
        buf_free(&json);
        if (!is_there)
            return REPLAYED_TO_NOBODY;
    }
    return REPLAYED_ALL;
}

/* The server counts anew: what the client has is from before. */
static bool is_from_before(struct host_stream *stream, const struct host_meeting *meeting) {
    uint64_t newest = newest_seq(meeting);
    return newest > 0 && newest < stream->after;
}

/* The last page from memory and the step to live happen in one turn of the loop, so that no feedback
 * is missed between them and none comes twice. */
static void hosts_on_stream_step(void *arg) {
    struct host_stream *stream = arg;
    const struct host_meeting *meeting = memory_of(stream);
    if (is_from_before(stream, meeting)) {
        if (!send_gap(stream, 1))
            return;
        stream->after = 0;
    }
    if (is_ahead(stream) || ask_store(stream, meeting))
        return;
    enum replayed replayed = replay_memory(stream, meeting);
    while (replayed == REPLAYED_PAGE && !is_ahead(stream))
        replayed = replay_memory(stream, meeting);
    if (replayed != REPLAYED_ALL)
        return;
    const struct session *session =
        hosts_find_session(stream->client.hosts, host_stream_meeting(stream));
    struct slice id, room;
    bool is_over = session ? !session->is_active
                           : !directory_find(stream->client.hosts->settings.directory,
                                             host_stream_meeting(stream), &id, &room);
    stream->state = STREAM_LIVE;
    if (is_over)
        host_stream_end(stream, "ended");
}

/* ---- As it happens ---- */

/* One event in all languages in which somebody hears it, each made once. */
struct host_cast {
    const struct host_event *event;
    struct slice meeting_id;
    struct blob *pieces[LOCALES];
};

static struct blob *cast_piece(struct host_cast *cast, unsigned locale) {
    if (!cast->pieces[locale]) {
        struct buf json = {0};
        feedback_write_json(&json, &cast->event->feedback, (enum locale)locale,
                            slice_from(cast->event->id), cast->meeting_id, cast->event->seq);
        cast->pieces[locale] = event_piece("feedback", (int64_t)cast->event->seq, buf_slice(&json));
        buf_free(&json);
    }
    return cast->pieces[locale];
}

/* The streams of a channel. Each may end when it is written to, and the channel with the last. */
struct channel_walk {
    struct list *next;
    const struct list *end;
};

static struct channel_walk walk_begin(struct hosts *hosts, struct slice name) {
    struct host_channel *channel = map_find(&hosts->channels, name);
    return channel ? (struct channel_walk){channel->streams.next, &channel->streams}
                   : (struct channel_walk){NULL, NULL};
}

static struct host_stream *walk_next(struct channel_walk *walk) {
    struct list *node = walk->next;
    if (node == walk->end)
        return NULL;
    walk->next = node->next;
    if (walk->next == walk->end)
        *walk = (struct channel_walk){NULL, NULL};
    return CONTAINER_OF(node, struct host_stream, in_channel);
}

static void cast_to(struct hosts *hosts, struct slice name, struct host_cast *cast) {
    struct channel_walk walk = walk_begin(hosts, name);
    for (struct host_stream *stream; (stream = walk_next(&walk));) {
        if (stream->state != STREAM_LIVE)
            continue;
        stream->after = cast->event->seq;
        hosts->counters.stream_events++;
        host_stream_write(stream, cast_piece(cast, stream->client.locale));
    }
}

void hosts_streams_feedback(struct hosts *hosts, const struct host_event *event,
                            struct slice meeting_id, struct slice room_name, bool is_alias) {
    struct host_cast cast = {.event = event, .meeting_id = meeting_id};
    cast_to(hosts, meeting_id, &cast);
    if (is_alias && !slice_is_equal(meeting_id, room_name))
        cast_to(hosts, room_name, &cast);
    for (unsigned i = 0; i < LOCALES; i++)
        blob_unref(cast.pieces[i]);
}

static void tell_all(struct hosts *hosts, struct slice name, struct blob *piece, bool is_levels) {
    struct channel_walk walk = walk_begin(hosts, name);
    for (struct host_stream *stream; (stream = walk_next(&walk));) {
        if (stream->state < STREAM_REPLAYING ||
            (is_levels && (!stream->wants_levels || http_body_waiting(stream->req) > LEVELS_BYTES)))
            continue;
        hosts->counters.stream_events++;
        host_stream_write(stream, piece);
    }
}

static void tell_meeting(struct hosts *hosts, struct slice meeting_id, struct slice room_name,
                         const char *name, struct slice json) {
    bool is_levels = strcmp(name, "levels") == 0;
    if (!hosts_streams_want(hosts, meeting_id, room_name))
        return;
    struct blob *piece = event_piece(name, -1, json);
    tell_all(hosts, meeting_id, piece, is_levels);
    if (!slice_is_equal(meeting_id, room_name) && hosts_is_alias(hosts, room_name, meeting_id))
        tell_all(hosts, room_name, piece, is_levels);
    blob_unref(piece);
}

void hosts_streams_stats(struct hosts *hosts, struct slice meeting_id, struct slice room_name,
                         struct slice described) {
    struct buf json = {0};
    json_open(&json, NULL);
    json_add_int(&json, "ts", clock_wall_ms());
    json_add_raw(&json, "talk", json_member(described, "participants"));
    json_close(&json);
    tell_meeting(hosts, meeting_id, room_name, "stats", buf_slice(&json));
    buf_free(&json);
}

void hosts_on_view(struct slice meeting_id, struct slice room_name, enum live_watch what,
                   struct slice json, void *user) {
    tell_meeting(user, meeting_id, room_name, what == WATCH_LEVELS ? "levels" : "participants",
                 json);
}

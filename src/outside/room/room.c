#include "outside/room/room.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/ws/ws_conn.h"
#include "outside/room/room_private.h"
#include "wire/web/url.h"

#include <string.h>

enum { QUEUE_BYTES = 4 * 1024 * 1024, BAD_LOG_BURST = 20 };

int64_t room_now_ms(const struct room *room) {
    return clock_mono_ms();
}

void room_send(struct room *room, const struct buf *message) {
    if (room->conn)
        ws_conn_send(room->conn, WS_BINARY, buf_slice(message));
}

static void conn_drop(struct room *room) {
    ws_conn_abort(room->conn);
    room->conn = NULL;
}

/* ---- What follows from what happened, at the end of the turn ---- */

static void note_media(struct room *room) {
    bool is_there = room->course.has_media;
    if (room->has_media == is_there)
        return;
    room->has_media = is_there;
    room->set.stats->connected += (uint64_t)is_there - (uint64_t)!is_there;
}

static void count_session(struct room *room, bool is_open) {
    if (room->is_counted == is_open)
        return;
    room->is_counted = is_open;
    room->set.stats->sessions += (uint64_t)is_open - (uint64_t)!is_open;
}

static void room_follow(void *arg);

static void room_on_timer(void *arg) {
    struct room *room = arg;
    room_look_for_missing(room);
    if (course_look(&room->course, room_now_ms(room), rand_u64())) {
        struct buf message = {0};
        room->pinged_ms = room_now_ms(room);
        room->ping_stamp_ms = clock_wall_ms();
        sfu_write_ping(&message, room->ping_stamp_ms, room->rtt_ms);
        room_send(room, &message);
        buf_free(&message);
    }
    room_follow(room);
}

static void timer_arm(struct room *room) {
    int64_t due_ms = course_due_ms(&room->course);
    int64_t wait_ms = due_ms - room_now_ms(room);
    if (due_ms == INT64_MAX)
        timer_stop(&room->timer);
    else
        timer_start(room->set.loop, &room->timer, wait_ms > 0 ? wait_ms : 1, 0, room_on_timer,
                    room);
}

/* True when it was told: the owner may have closed the room then. */
static bool tell_opening(struct room *room) {
    bool has_opened = room->has_opened;
    room->has_opened = false;
    if (!has_opened)
        return false;
    room->is_in = true;
    room_changed(room);
    room->handlers.on_joined(room->was_resumed, room->user);
    return true;
}

static bool tell_loss(struct room *room) {
    if (!room->is_in || room->course.phase == COURSE_OPEN)
        return false;
    room->is_in = false;
    log_info("room", room->course.is_resume ? "connection lost; resuming" : "session lost",
             log_text("room", room->name), log_text("why", room->why ? room->why : ""));
    room_changed(room);
    room->handlers.on_lost(room->user);
    return true;
}

static void room_follow(void *arg) {
    struct room *room = arg;
    enum course_phase phase = room->course.phase;
    if (phase != COURSE_OPEN && phase != COURSE_DIALLING)
        conn_drop(room);
    if (!room->course.has_session && phase != COURSE_OPEN && room->peer)
        room_media_close(room);
    count_session(room, phase == COURSE_OPEN);
    note_media(room);
    if (tell_opening(room) || tell_loss(room))
        return;
    timer_arm(room);
    if (phase == COURSE_ENDED) {
        room_media_close(room);
        room->set.stats->ends[room->course.end]++;
        room->handlers.on_end(room->course.end, room->user);
    } else if (phase == COURSE_ASKING && !room->is_asking) {
        room->is_asking = true;
        room->handlers.on_need(room->course.is_resume, room->user);
    }
}

void room_changed(struct room *room) {
    loop_defer(room->set.loop, &room->follow, room_follow, room);
}

/* ---- Messages ---- */

static void take_regions(struct room *room, const struct slice *urls, size_t count) {
    for (size_t i = 0; i < room->region_count; i++)
        mem_free(room->regions[i]);
    room->region_count = room->next_region = 0;
    for (size_t i = 0; i < count; i++)
        room->regions[room->region_count++] = slice_copy_text(urls[i]);
}

static void take_metadata(struct room *room, struct slice metadata) {
    if (room->metadata && slice_is_equal(slice_from(room->metadata), metadata))
        return;
    slice_replace_text(&room->metadata, metadata);
    room->handlers.on_metadata(metadata, room->user);
}

static void on_join(struct room *room, const struct sfu_message *message) {
    int64_t now_ms = room_now_ms(room);
    if (message->must_relay) {
        room->why = "only a relay is allowed, and Prosa speaks to none";
        course_refuse(&room->course, COURSE_ENDED_NO_WAY);
        return;
    }
    if (message->join.alternative_url.len) {
        take_regions(room, &message->join.alternative_url, 1);
        course_leave(&room->course, SFU_REJOIN, SFU_UNKNOWN, now_ms, rand_u64());
        return;
    }
    room->course.is_resume = false;
    course_open(&room->course, message->join.ping_interval_ms, message->join.ping_timeout_ms,
                now_ms);
    room->set.stats->joins++;
    slice_replace_text(&room->sid, message->join.sid);
    ws_conn_peer_address(room->conn, room->server_address);
    room_media_open(room);
    room->has_opened = true;
    room->was_resumed = false;
    take_metadata(room, message->room.metadata);
    roster_take(&room->roster, message->people, message->people_count, true);
    room_subscribe(room);
}

static void on_reconnect(struct room *room, const struct sfu_message *message) {
    if (!room->course.is_resume || room->course.phase != COURSE_DIALLING)
        return;
    course_open(&room->course, 0, 0, room_now_ms(room));
    room->set.stats->resumes++;
    room->has_opened = true;
    room->was_resumed = true;
    room_sync(room);
    room_subscribe(room);
}

static void on_leave(struct room *room, const struct sfu_message *message) {
    room->why = sfu_reason_name(message->leave.reason);
    log_debug("room", "LiveKit ends the session", log_text("room", room->name),
              log_text("why", room->why), log_int("action", message->leave.action));
    take_regions(room, message->leave.regions, message->leave.region_count);
    course_leave(&room->course, message->leave.action, message->leave.reason, room_now_ms(room),
                 rand_u64());
}

static void on_pong(struct room *room, int64_t stamp_ms) {
    int64_t now_ms = room_now_ms(room);
    course_pong(&room->course, now_ms);
    if (stamp_ms != room->ping_stamp_ms || now_ms < room->pinged_ms)
        return;
    room->rtt_ms = now_ms - room->pinged_ms;
    room->set.stats->pongs++;
    room->set.stats->rtt_us += (uint64_t)room->rtt_ms * 1000;
}

/* What LiveKit says of ourselves: whether we may still receive. */
static void look_for_ourselves(struct room *room, const struct sfu_message *message) {
    for (size_t i = 0; i < message->people_count; i++) {
        const struct sfu_person *person = &message->people[i];
        if (slice_is_equal(person->sid, slice_from(room->sid)) && person->has_permission &&
            !person->may_subscribe)
            log_warn("room", "LiveKit has taken the permission to subscribe",
                     log_text("room", room->name));
    }
}

static void room_take(struct room *room, const struct sfu_message *message) {
    bool is_open = room->course.phase == COURSE_OPEN;
    if (message->kind == SFU_JOIN && room->course.phase == COURSE_DIALLING)
        on_join(room, message);
    else if (message->kind == SFU_RECONNECT)
        on_reconnect(room, message);
    else if (message->kind == SFU_LEAVE)
        on_leave(room, message);
    if (!is_open)
        return;
    switch (message->kind) {
    case SFU_OFFER:
        room_on_offer(room, message->offer.sdp, message->offer.id);
        break;
    case SFU_CANDIDATE:
        room_on_candidate(room, message->candidate);
        break;
    case SFU_PEOPLE:
        look_for_ourselves(room, message);
        roster_take(&room->roster, message->people, message->people_count, false);
        room_subscribe(room);
        break;
    case SFU_ROOM:
        take_metadata(room, message->room.metadata);
        break;
    case SFU_PONG:
        on_pong(room, message->pong_ms);
        break;
    case SFU_REFUSED:
        room_on_refused(room, message->refused.track,
                        message->refused.fault == 1 ? "LiveKit has no codec for it that we take"
                                                    : "LiveKit does not find it");
        break;
    case SFU_FORBIDDEN:
        room_on_refused(room, message->refused.track, "its publisher does not allow it");
        break;
    default:
        break;
    }
}

static void conn_on_message(enum ws_opcode opcode, struct slice bytes, void *arg) {
    struct room *room = arg;
    enum course_phase phase = room->course.phase;
    if (phase != COURSE_OPEN && phase != COURSE_DIALLING)
        return;
    struct sfu_message *message = opcode == WS_BINARY ? sfu_read(bytes) : NULL;
    if (!message) {
        room->set.stats->bad_messages++;
        log_limited(LOG_WARN, BAD_LOG_BURST, NULL, "room", "a message cannot be read",
                    log_text("room", room->name), log_int("bytes", (int64_t)bytes.len));
        return;
    }
    room_take(room, message);
    sfu_free(message);
    room_changed(room);
}

static void conn_on_close(uint16_t code, struct slice reason, void *arg) {
    struct room *room = arg;
    int status = ws_conn_http_status(room->conn);
    room->conn = NULL;
    enum course_phase phase = room->course.phase;
    if (phase != COURSE_OPEN && phase != COURSE_DIALLING)
        return;
    log_debug("room", "the signalling has ended", log_text("room", room->name),
              log_int("code", code), log_int("status", status), log_slice("reason", reason));
    room->why = phase == COURSE_OPEN ? "the signalling connection was lost"
                : status             ? "LiveKit refuses the connection"
                                     : "LiveKit does not answer";
    room->set.stats->losses[0] += phase == COURSE_OPEN;
    course_lost(&room->course, status, room_now_ms(room), rand_u64());
    room_changed(room);
}

/* ---- Attempts ---- */

/* A region's address is LiveKit's own word, but it gets our token: never less secure than ours. */
static struct slice base_of(struct room *room, struct slice ticket_url, struct buf *url) {
    struct url ours, theirs;
    while (room->next_region < room->region_count) {
        struct slice region = slice_from(room->regions[room->next_region++]);
        if (url_parse(&theirs, region) || url_parse(&ours, ticket_url) ||
            (url_is_secure(&ours) && !url_is_secure(&theirs)))
            continue;
        size_t colon = slice_find_byte(region, ':');
        buf_add_text(url, url_is_secure(&theirs) ? "wss" : "ws");
        while (slice_has_suffix(region, SLICE("/")))
            region.len--;
        buf_add_slice(url, slice_skip(region, colon));
        return buf_slice(url);
    }
    buf_add_slice(url, ticket_url);
    return buf_slice(url);
}

static void write_url(struct room *room, const struct room_ticket *ticket, struct buf *url) {
    base_of(room, ticket->url, url);
    buf_add_text(url, "/rtc?protocol=15&auto_subscribe=0&auto_subscribe_data_track=0&sdk=cpp"
                      "&version=1.0.0&os=linux");
    if (!room->course.is_resume)
        return;
    buf_add_text(url, "&reconnect=1&sid=");
    url_encode(url, slice_from(room->sid));
    buf_printf(url, "&reconnect_reason=%d", (int)room->course.loss);
}

void room_attempt(struct room *room, const struct room_ticket *ticket) {
    static const struct ws_handlers handlers = {.on_message = conn_on_message,
                                                .on_close = conn_on_close};
    struct buf text = {0}, headers = {0};
    struct url url;
    if (room->course.phase != COURSE_ASKING)
        return;
    room->is_asking = false;
    room->set.stats->attempts++;
    course_dial(&room->course, room_now_ms(room));
    write_url(room, ticket, &text);
    buf_printf(&headers, "Authorization: Bearer %.*s\r\n", SLICE_ARG(ticket->token));
    int err = url_parse(&url, buf_slice(&text));
    if (!err) {
        const struct ws_target target = {.url = &url,
                                         .tls = room->set.tls,
                                         .headers = buf_slice(&headers),
                                         .timeout_ms = COURSE_OPEN_MS};
        const struct ws_settings set = {.max_message_bytes = SFU_MESSAGE_MAX,
                                        .max_queue_bytes = QUEUE_BYTES};
        err = ws_conn_connect(&room->conn, room->set.loop, &target, &set, &handlers, room);
    }
    if (err) {
        room->why = "the address cannot be dialled";
        course_refuse(&room->course, COURSE_ENDED_NO_ANSWER);
    }
    explicit_bzero(headers.data, headers.len);
    buf_free(&headers);
    buf_free(&text);
    room_changed(room);
}

/* ---- Life ---- */

struct room *room_open(const struct room_settings *set, const struct room_handlers *handlers,
                       void *user) {
    struct room *room = mem_alloc(sizeof *room);
    room->set = *set;
    room->handlers = *handlers;
    room->user = user;
    room->name = slice_copy_text(set->name);
    room->set.name = slice_from(room->name);
    room->sid = mem_copy_text("");
    room->is_asking = true;
    roster_init(&room->roster, rand_u64(), &room_roster_handlers, room);
    map_init(&room->sections, rand_u64());
    course_begin(&room->course, room_now_ms(room));
    return room;
}

static void say_goodbye(struct room *room) {
    struct buf message = {0};
    if (!room->conn || room->course.phase != COURSE_OPEN)
        return;
    sfu_write_leave(&message);
    room_send(room, &message);
    ws_conn_flush(room->conn);
    buf_free(&message);
}

void room_close(struct room *room) {
    if (!room)
        return;
    say_goodbye(room);
    conn_drop(room);
    timer_stop(&room->timer);
    loop_undefer(room->set.loop, &room->follow);
    room_media_close(room);
    count_session(room, false);
    room->set.stats->connected -= room->has_media;
    if (room->course.phase != COURSE_ENDED)
        room->set.stats->ends[COURSE_ENDED_NOT]++;
    MAP_EACH(&room->roster.tracks, at)
        mem_free(((struct roster_track *)at.value)->owner);
    roster_free(&room->roster);
    map_free(&room->sections);
    take_regions(room, NULL, 0);
    mem_free(room->name);
    mem_free(room->sid);
    mem_free(room->metadata);
    mem_free(room);
}

size_t room_count_people(const struct room *room) {
    return room->roster.keepers;
}

const char *room_sid(const struct room *room) {
    return room->sid;
}

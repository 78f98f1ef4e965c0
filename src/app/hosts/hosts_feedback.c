/* Feedback on its way to the hosts of a meeting, and the memory of it. */
#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "app/peers/peers.h"
#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "base/mem.h"

#include <string.h>

enum { SWEEP_MS = 60 * 1000, FORGET_MS = 15 * 60 * 1000 };

const struct histogram_bounds hosts_latency_bounds = {
    12, {1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 1000, 3000}};

/* ---- Meetings ---- */

static void host_meeting_free(struct host_meeting *meeting) {
    ring_free(&meeting->events);
    mem_free(meeting->id);
    mem_free(meeting->room_name);
    mem_free(meeting);
}

void hosts_meetings_free(struct hosts *hosts) {
    MAP_EACH(&hosts->meetings, at) {
        host_meeting_free(at.value);
    }
    map_free(&hosts->meetings);
}

/* A meeting without feedback for FORGET_MS has probably ended. Should a client still ask for its
 * feedback, it comes from the store. */
static void hosts_on_sweep(void *arg) {
    struct hosts *hosts = arg;
    int64_t oldest_ms = loop_now_ms(hosts->settings.loop) - FORGET_MS;
    MAP_EACH(&hosts->meetings, at) {
        struct host_meeting *meeting = at.value;
        if (meeting->touched_ms >= oldest_ms)
            continue;
        map_remove(&hosts->meetings, at.key);
        host_meeting_free(meeting);
    }
}

void hosts_start_sweep(struct hosts *hosts) {
    timer_start(hosts->settings.loop, &hosts->sweep, SWEEP_MS, SWEEP_MS, hosts_on_sweep, hosts);
}

void hosts_forget_meeting(struct hosts *hosts, struct slice meeting_id) {
    struct host_meeting *meeting = map_remove(&hosts->meetings, meeting_id);
    if (meeting)
        host_meeting_free(meeting);
}

static struct host_meeting *find_latest_in(const struct hosts *hosts, struct slice room_name) {
    struct host_meeting *latest = NULL;
    MAP_EACH(&hosts->meetings, at) {
        struct host_meeting *meeting = at.value;
        if (slice_is_equal(slice_from(meeting->room_name), room_name) &&
            (!latest || meeting->touched_ms > latest->touched_ms))
            latest = meeting;
    }
    return latest;
}

struct host_meeting *hosts_find_meeting(const struct hosts *hosts, struct slice name) {
    const struct session *session = hosts_find_session(hosts, name);
    if (session)
        name = slice_from(session->meeting_id);
    struct host_meeting *meeting = map_find(&hosts->meetings, name);
    if (meeting || session || hosts->settings.config->feedback_access == ACCESS_HOST)
        return meeting;
    return find_latest_in(hosts, name);
}

/* A meeting that began under its room's name keeps its memory when its id is known. */
static struct host_meeting *host_meeting_adopt(struct hosts *hosts, struct slice id,
                                               struct slice room_name) {
    struct host_meeting *meeting = map_find(&hosts->meetings, id);
    if (meeting)
        return meeting;
    meeting = map_remove(&hosts->meetings, room_name);
    if (!meeting)
        return NULL;
    slice_replace_text(&meeting->id, id);
    map_set(&hosts->meetings, id, meeting);
    return meeting;
}

void hosts_adopt_meeting(struct hosts *hosts, const struct session *session) {
    host_meeting_adopt(hosts, slice_from(session->meeting_id), slice_from(session->room_name));
}

/* The meeting of an event; NULL when there are too many. */
static struct host_meeting *get_meeting(struct hosts *hosts,
                                        const struct directory_feedback *from) {
    struct host_meeting *meeting = host_meeting_adopt(hosts, from->meeting_id, from->room_name);
    if (meeting || hosts->meetings.len >= HOSTS_MEETINGS_MAX)
        return meeting;
    meeting = mem_alloc(sizeof *meeting);
    meeting->room_name = slice_copy_text(from->room_name);
    ring_init(&meeting->events, sizeof(struct host_event), HOSTS_MEMORY);
    meeting->id = slice_copy_text(from->meeting_id);
    map_set(&hosts->meetings, from->meeting_id, meeting);
    return meeting;
}

/* ---- Latency ---- */

static void count_latency(struct hosts *hosts, struct host_meeting *meeting, int64_t ms) {
    histogram_add(&hosts->counters.latency, &hosts_latency_bounds, ms);
    if (!meeting)
        return;
    meeting->latency_ms[meeting->latency_at] = ms < 0 ? 0 : (unsigned)ms;
    meeting->latency_at = (meeting->latency_at + 1) % HOSTS_LATENCIES;
    if (meeting->latency_count < HOSTS_LATENCIES)
        meeting->latency_count++;
}

unsigned hosts_latency_avg_ms(const struct hosts *hosts, struct slice meeting_id,
                              unsigned *samples) {
    const struct host_meeting *meeting = hosts_find_meeting(hosts, meeting_id);
    uint64_t sum = 0;
    *samples = meeting ? meeting->latency_count : 0;
    for (unsigned i = 0; i < *samples; i++)
        sum += meeting->latency_ms[i];
    return *samples ? (unsigned)((sum + *samples / 2) / *samples) : 0;
}

/* ---- Feedback ---- */

uint64_t hosts_seq_at(const struct hosts *hosts, struct slice name, uint64_t sio_seq) {
    const struct host_meeting *meeting = hosts_find_meeting(hosts, name);
    uint64_t seq = 0;
    for (size_t i = 0; meeting && i < meeting->events.len; i++) {
        const struct host_event *event = ring_at(&meeting->events, i);
        if (event->sio_seq <= sio_seq)
            seq = event->seq;
        else if (seq == 0)
            seq = event->seq - 1;
    }
    return seq;
}

static void host_meeting_remember(struct host_meeting *meeting, const struct host_event *event) {
    if (ring_push(&meeting->events, event))
        return;
    ring_pop(&meeting->events, NULL);
    ring_push(&meeting->events, event);
}

static unsigned pick_locale(const struct sio_socket *socket, void *arg) {
    const struct host_client *client = sio_data(socket);
    return client->locale;
}

static void broadcast(struct hosts *hosts, const struct sio_target *target,
                      const struct host_event *event, struct slice meeting_id) {
    enum locale own = hosts->settings.config->feedback_locale;
    struct buf texts[LOCALES] = {{0}};
    struct slice args[LOCALES];

    for (unsigned i = 0; i < LOCALES; i++) {
        if (hosts->is_multilingual || i == own)
            feedback_write_json(&texts[i], &event->feedback, (enum locale)i, slice_from(event->id),
                                meeting_id, event->seq);
        args[i] = buf_slice(&texts[i]);
    }
    if (hosts->is_multilingual)
        sio_broadcast_each(hosts->ns, target, "feedback", args, LOCALES, pick_locale, hosts);
    else
        sio_broadcast(hosts->ns, target, "feedback", args[own]);
    peers_emit(hosts->settings.peers, target, "feedback", args[own], NULL, 0);
    for (unsigned i = 0; i < LOCALES; i++)
        buf_free(&texts[i]);
}

void hosts_feedback(struct hosts *hosts, struct slice id, const struct directory_feedback *from) {
    struct host_meeting *meeting = get_meeting(hosts, from);
    struct host_event event = {.seq = from->seq, .feedback = *from->feedback};
    memcpy(event.id, id.ptr, id.len < HOSTS_ID_SIZE ? id.len : HOSTS_ID_SIZE - 1);

    struct buf by_id = {0}, by_room = {0};
    buf_printf(&by_id, "feedback:%.*s", SLICE_ARG(from->meeting_id));
    buf_printf(&by_room, "feedback:%.*s", SLICE_ARG(from->room_name));
    struct slice rooms[] = {buf_slice(&by_id), buf_slice(&by_room)};
    bool is_alias = hosts_is_alias(hosts, from->room_name, from->meeting_id);
    struct sio_target target = {.rooms = rooms, .room_count = is_alias ? 2 : 1};
    broadcast(hosts, &target, &event, from->meeting_id);
    hosts_streams_feedback(hosts, &event, from->meeting_id, from->room_name, is_alias);
    buf_free(&by_id);
    buf_free(&by_room);

    event.sio_seq = sio_seq(hosts->sio);
    if (meeting) {
        host_meeting_remember(meeting, &event);
        meeting->touched_ms = loop_now_ms(hosts->settings.loop);
    }
    count_latency(hosts, meeting, from->now_ms - event.feedback.ts_ms);
}

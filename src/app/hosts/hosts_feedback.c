/* Feedback on its way to the hosts of a meeting, and the memory of it. */
#include "app/config/config.h"
#include "app/sessions/directory.h"
#include "app/hosts/hosts_private.h"
#include "app/sessions/sessions.h"
#include "base/mem.h"

#include <string.h>

enum { SWEEP_MS = 60 * 1000, FORGET_MS = 15 * 60 * 1000 };

const unsigned hosts_latency_bounds_ms[HOSTS_LATENCY_BUCKETS] = {1,   2,   5,   10,  20,   50,
                                                                 100, 200, 300, 500, 1000, 3000};

/* Ends of meetings are seen only by their silence here; what is older comes from the store. */
static void meeting_free(struct hosts *hosts, struct host_meeting *meeting) {
    map_remove(&hosts->meetings, slice_from(meeting->id));
    ring_free(&meeting->events);
    mem_free(meeting->id);
    mem_free(meeting->room_name);
    mem_free(meeting);
}

void hosts_meetings_free(struct hosts *hosts) {
    struct map_cursor at = {0};
    struct slice key;
    void *meeting;

    while (map_next(&hosts->meetings, &at, &key, &meeting))
        meeting_free(hosts, meeting);
    map_free(&hosts->meetings);
}

static void on_sweep(void *arg) {
    struct hosts *hosts = arg;
    int64_t oldest_ms = loop_now_ms(hosts->world.loop) - FORGET_MS;
    struct map_cursor at = {0};
    struct slice key;
    void *value;

    while (map_next(&hosts->meetings, &at, &key, &value)) {
        if (((struct host_meeting *)value)->touched_ms < oldest_ms)
            meeting_free(hosts, value);
    }
}

void hosts_start_sweep(struct hosts *hosts) {
    timer_start(hosts->world.loop, &hosts->sweep, SWEEP_MS, SWEEP_MS, on_sweep, hosts);
}

struct host_meeting *hosts_find_meeting(const struct hosts *hosts, struct slice name) {
    const struct session *session = hosts_find_session(hosts, name);
    struct host_meeting *meeting, *newest = NULL;
    struct map_cursor at = {0};
    struct slice key;
    void *value;

    if (session)
        name = slice_from(session->meeting_id);
    meeting = map_find(&hosts->meetings, name);
    if (meeting || session || hosts->world.config->feedback_access == ACCESS_HOST)
        return meeting;
    while (map_next(&hosts->meetings, &at, &key, &value)) {
        meeting = value;
        if (slice_is_equal(slice_from(meeting->room_name), name) &&
            (!newest || meeting->touched_ms > newest->touched_ms))
            newest = meeting;
    }
    return newest;
}

/* A meeting that began under its room's name keeps its memory when its id is known. */
static struct host_meeting *adopt(struct hosts *hosts, struct slice id, struct slice room_name) {
    struct host_meeting *meeting = map_find(&hosts->meetings, id);

    if (meeting)
        return meeting;
    meeting = map_find(&hosts->meetings, room_name);
    if (!meeting)
        return NULL;
    map_remove(&hosts->meetings, room_name);
    mem_free(meeting->id);
    meeting->id = slice_copy_text(id);
    map_set(&hosts->meetings, id, meeting);
    return meeting;
}

void hosts_adopt_meeting(struct hosts *hosts, const struct session *session) {
    adopt(hosts, slice_from(session->meeting_id), slice_from(session->room_name));
}

/* The meeting of an event. */
static struct host_meeting *get_meeting(struct hosts *hosts,
                                        const struct directory_feedback *from) {
    struct host_meeting *meeting = adopt(hosts, from->meeting_id, from->room_name);

    if (meeting || hosts->meetings.len >= HOSTS_MEETINGS_MAX)
        return meeting;
    meeting = mem_alloc(sizeof *meeting);
    meeting->room_name = slice_copy_text(from->room_name);
    ring_init(&meeting->events, sizeof(struct host_event), HOSTS_MEMORY);
    meeting->id = slice_copy_text(from->meeting_id);
    map_set(&hosts->meetings, from->meeting_id, meeting);
    return meeting;
}

static void remember(struct host_meeting *meeting, const struct host_event *event) {
    if (ring_push(&meeting->events, event))
        return;
    ring_pop(&meeting->events, NULL);
    ring_push(&meeting->events, event);
}

static void count_latency(struct hosts *hosts, struct host_meeting *meeting, int64_t ms) {
    unsigned latency_ms = ms < 0 ? 0 : (unsigned)ms;
    unsigned bucket = 0;

    while (bucket < HOSTS_LATENCY_BUCKETS && latency_ms > hosts_latency_bounds_ms[bucket])
        bucket++;
    hosts->counters.latency[bucket]++;
    hosts->counters.latency_ms_sum += latency_ms;
    if (!meeting)
        return;
    meeting->latency_ms[meeting->latency_at] = latency_ms;
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

static unsigned pick_locale(void *arg, const struct sio_socket *socket) {
    const struct host_client *client = sio_data(socket);

    return client->locale;
}

static void broadcast(struct hosts *hosts, const struct sio_target *target,
                      const struct host_event *event, struct slice meeting_id) {
    enum locale own = (enum locale)hosts->world.config->feedback_locale;
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
    for (unsigned i = 0; i < LOCALES; i++)
        buf_free(&texts[i]);
}

void hosts_feedback(struct hosts *hosts, struct slice id, const struct directory_feedback *from) {
    struct host_meeting *meeting = get_meeting(hosts, from);
    struct host_event event = {.seq = from->seq, .feedback = *from->feedback};
    struct buf by_id = {0}, by_room = {0};
    struct slice rooms[2];
    struct sio_target target = {.rooms = rooms, .room_count = 1};

    target.room_count += hosts_is_alias(hosts, from->room_name, from->meeting_id);
    memcpy(event.id, id.ptr, id.len < HOSTS_ID_SIZE ? id.len : HOSTS_ID_SIZE - 1);
    buf_printf(&by_id, "feedback:%.*s", SLICE_ARG(from->meeting_id));
    buf_printf(&by_room, "feedback:%.*s", SLICE_ARG(from->room_name));
    rooms[0] = buf_slice(&by_id);
    rooms[1] = buf_slice(&by_room);
    broadcast(hosts, &target, &event, from->meeting_id);
    event.sio_seq = sio_seq(hosts->sio);
    if (meeting) {
        remember(meeting, &event);
        meeting->touched_ms = loop_now_ms(hosts->world.loop);
    }
    hosts->counters.feedback++;
    count_latency(hosts, meeting, from->now_ms - event.feedback.ts_ms);
    buf_free(&by_id);
    buf_free(&by_room);
}

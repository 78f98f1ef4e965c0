/* Directory, shard and tracks together, over real sockets and a real disk thread. */
#include "app/directory.h"

#include "unit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "meeting/rules.h"
#include "net/loop.h"
#include "net/stream.h"
#include "outside/disk.h"
#include "outside/storage.h"
#include "wire/ws.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 60000, STEP_MS = 5 };

struct world {
    char dir[64];
    struct loop *loop;
    struct storage *storage;
    struct disk *disk;
    struct rules rules;
    struct directory *directory;
    struct timer poll;
    bool (*is_reached)(struct world *);
    int64_t until_ms;
    /* what was heard */
    unsigned opened, ended, drained, answers;
    enum track_end last_end;
    struct buf answer;
    struct shard_stats stats;
};

static void on_track(void *arg, struct slice meeting_id, const struct shard_track_event *event) {
    struct world *w = arg;
    assert_true(meeting_id.len > 0);
    w->opened += event->opened;
    w->ended += !event->opened;
    w->last_end = event->end;
}

static void on_feedback(void *arg, const struct directory_feedback *feedback) {
    (void)arg, (void)feedback;
}

static struct world *world_open(unsigned shards, size_t max_tracks, unsigned linger_ms) {
    struct world *w = mem_alloc(sizeof *w);
    log_setup(LOG_ERROR, LOG_TEXT);
    strcpy(w->dir, "/tmp/prosa-directory-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    char why[256];
    struct storage_config storage = {.root = w->dir};
    assert_int_equal(storage_open(&w->storage, &storage, why, sizeof why), 0);
    struct disk_config disk;
    disk_config_init(&disk);
    disk.storage = w->storage;
    assert_int_equal(disk_open(&w->disk, &disk), 0);
    rules_init(&w->rules);
    assert_int_equal(loop_open(&w->loop), 0);
    struct directory_config config = {.shard = {.rules = &w->rules,
                                                .disk = w->disk,
                                                .record_format = "wav",
                                                .group_ms = 500,
                                                .max_message_bytes = 1 << 20},
                                      .shards = shards,
                                      .max_tracks = max_tracks,
                                      .max_meetings = 8,
                                      .linger_ms = linger_ms,
                                      .on_feedback = on_feedback,
                                      .on_track = on_track,
                                      .arg = w};
    assert_int_equal(directory_open(&w->directory, w->loop, &config), 0);
    return w;
}

static void on_poll(void *arg) {
    struct world *w = arg;
    if (w->is_reached(w) || clock_mono_ms() > w->until_ms)
        loop_stop(w->loop);
}

static void wait_until(struct world *w, bool (*is_reached)(struct world *)) {
    w->is_reached = is_reached;
    w->until_ms = clock_mono_ms() + DEADLINE_MS;
    timer_start(w->loop, &w->poll, 0, STEP_MS, on_poll, w);
    loop_run(w->loop);
    timer_stop(&w->poll);
    assert_true(is_reached(w));
}

static void on_drained(void *arg) {
    ((struct world *)arg)->drained++;
}

static bool is_drained(struct world *w) {
    return w->drained > 0;
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *where) {
    (void)stat, (void)kind, (void)where;
    return remove(path);
}

/* Drains, so that every recording is finished on disk; the folder stays until world_close. */
static void world_drain(struct world *w) {
    directory_drain(w->directory, on_drained, w);
    wait_until(w, is_drained);
    directory_stop(w->directory);
    disk_close(w->disk);
}

static void world_close(struct world *w) {
    directory_close(w->directory);
    storage_close(w->storage);
    loop_close(w->loop);
    buf_free(&w->answer);
    nftw(w->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    mem_free(w);
}

/* --- a sender --- */

static int track_enter(struct world *w, const char *meeting, const char *room, const char *who,
                       const char *track, int *err) {
    struct track_params params = {.kind = TRACK_AUDIO, .rate_hz = 48000, .channels = 1};
    snprintf(params.room, sizeof params.room, "%s", room);
    snprintf(params.participant, sizeof params.participant, "%s", who);
    snprintf(params.track, sizeof params.track, "%s", track);
    snprintf(params.meeting_id, sizeof params.meeting_id, "%s", meeting);
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct stream *stream = stream_new(ends[0]);
    *err = directory_take_track(w->directory, &params, stream, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    if (*err)
        stream_close(stream);
    return ends[1];
}

static int track_open(struct world *w, const char *meeting, const char *room, const char *who,
                      const char *track) {
    int err;
    int fd = track_enter(w, meeting, room, who, track, &err);
    assert_int_equal(err, 0);
    return fd;
}

static void frame_send(int fd, enum ws_opcode opcode, const void *bytes, size_t len) {
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    uint8_t *frame = mem_alloc(WS_HEAD_MAX + len);
    size_t head = ws_write_head(frame, opcode, true, len, mask);
    memcpy(frame + head, bytes, len);
    ws_mask(frame + head, len, mask, 0);
    assert_int_equal(write(fd, frame, head + len), (ssize_t)(head + len));
    mem_free(frame);
}

static void track_close(int fd) {
    frame_send(fd, WS_CLOSE, "", 0);
    close(fd);
}

static bool is_one_ended(struct world *w) {
    return w->ended == 1;
}

static bool is_two_open(struct world *w) {
    return w->opened == 2;
}

static bool is_three_open(struct world *w) {
    return w->opened == 3;
}

static bool is_one_open(struct world *w) {
    return w->opened == 1;
}

/* --- recordings --- */

/* The samples of the only WAV in a meeting's folder. */
static struct buf recording_read(struct world *w, const char *meeting) {
    char folder[256], path[600] = "";
    snprintf(folder, sizeof folder, "%s/egress/audio/%s", w->dir, meeting);
    DIR *dir = opendir(folder);
    if (!dir)
        fail_msg("%s: %s", folder, strerror(errno));
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
        size_t len = strlen(entry->d_name);
        if (len > 4 && !strcmp(entry->d_name + len - 4, ".wav")) {
            assert_string_equal(path, "");
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        }
    }
    closedir(dir);
    struct buf file = {0};
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    file.len = fread(buf_reserve(&file, 1 << 20), 1, 1 << 20, in);
    fclose(in);
    uint32_t data_bytes;
    memcpy(&data_bytes, file.data + 40, 4);
    assert_int_equal(data_bytes, file.len - 44);
    buf_consume(&file, 44);
    return file;
}

static void audio_make(int16_t *pcm, size_t samples) {
    for (size_t i = 0; i < samples; i++)
        pcm[i] = (int16_t)(i * 7919);
}

static void recorded_as_sent(unsigned shards) {
    enum { SAMPLES = 24000 };
    static int16_t pcm[SAMPLES];
    audio_make(pcm, SAMPLES);
    struct world *w = world_open(shards, 8, 60000);
    int fd = track_open(w, "RM_1", "sala", "bob", "TR_1");
    const uint8_t *bytes = (const uint8_t *)pcm;
    size_t at = 0;
    for (size_t n = 1; at < sizeof pcm; n = n * 3 % 1931 + 1) { /* odd lengths, split samples */
        size_t part = n < sizeof pcm - at ? n : sizeof pcm - at;
        frame_send(fd, WS_BINARY, bytes + at, part);
        at += part;
    }
    track_close(fd);
    wait_until(w, is_one_ended);
    assert_int_equal(w->last_end, TRACK_END_CLOSED);
    world_drain(w);
    struct buf got = recording_read(w, "RM_1");
    assert_int_equal(got.len, sizeof pcm);
    assert_memory_equal(got.data, pcm, sizeof pcm);
    buf_free(&got);
    world_close(w);
}

static void test_recorded_as_sent_on_controls_loop(void **state) {
    (void)state;
    recorded_as_sent(0);
}

static void test_recorded_as_sent_on_a_shard(void **state) {
    (void)state;
    recorded_as_sent(2);
}

static void test_muted_audio_is_dropped(void **state) {
    (void)state;
    enum { SAMPLES = 960 };
    static int16_t pcm[SAMPLES];
    audio_make(pcm, SAMPLES);
    struct world *w = world_open(0, 8, 60000);
    int fd = track_open(w, "", "sala", "bob", "TR_1");
    frame_send(fd, WS_BINARY, pcm, sizeof pcm);
    frame_send(fd, WS_TEXT, "{\"muted\":\"yes\"}", 15);
    frame_send(fd, WS_TEXT, "nonsense", 8);
    frame_send(fd, WS_BINARY, pcm, sizeof pcm);
    frame_send(fd, WS_TEXT, "{\"muted\":true}", 14);
    frame_send(fd, WS_BINARY, pcm, sizeof pcm);
    frame_send(fd, WS_TEXT, "{\"muted\":false}", 15);
    frame_send(fd, WS_BINARY, pcm, sizeof pcm);
    track_close(fd);
    wait_until(w, is_one_ended);
    world_drain(w);
    struct buf got = recording_read(w, "sala");
    assert_int_equal(got.len, 3 * sizeof pcm);
    for (size_t i = 0; i < 3; i++)
        assert_memory_equal(got.data + i * sizeof pcm, pcm, sizeof pcm);
    buf_free(&got);
    world_close(w);
}

/* --- names --- */

static void assert_names(struct world *w, const char *name, const char *id, const char *room) {
    struct slice meeting_id, room_name;
    assert_true(directory_find(w->directory, slice_from(name), &meeting_id, &room_name));
    assert_slice_equal(meeting_id, id);
    assert_slice_equal(room_name, room);
}

static bool has_answer(struct world *w) {
    return w->answers > 0;
}

static void on_answer(void *arg, struct slice json) {
    struct world *w = arg;
    w->answers++;
    buf_clear(&w->answer);
    buf_add_slice(&w->answer, json);
    buf_add_byte(&w->answer, 0);
}

static const char *describe(struct world *w, const char *name) {
    w->answers = 0;
    directory_describe(w->directory, slice_from(name), on_answer, w);
    wait_until(w, has_answer);
    return w->answer.data;
}

static void test_a_session_renames_the_meeting_of_its_room(void **state) {
    (void)state;
    struct world *w = world_open(1, 8, 60000);
    int fd = track_open(w, "", "sala", "bob", "TR_1");
    assert_names(w, "sala", "sala", "sala");
    assert_int_equal(directory_start_session(w->directory, SLICE("RM_1"), SLICE("sala"), 0), 0);
    assert_names(w, "sala", "RM_1", "sala");
    assert_names(w, "RM_1", "RM_1", "sala");
    directory_set_participant(w->directory, SLICE("RM_1"), SLICE("sala"), SLICE("bob"),
                              SLICE("Bob"), false);
    int second = track_open(w, "RM_1", "sala", "ana", "TR_2"); /* joins the same meeting */
    wait_until(w, is_two_open);
    const char *json = describe(w, "RM_1");
    assert_non_null(strstr(json, "\"meetingId\":\"RM_1\""));
    assert_non_null(strstr(json, "\"bob\""));
    assert_non_null(strstr(json, "\"Bob\""));
    assert_non_null(strstr(json, "\"ana\""));
    track_close(fd);
    track_close(second);
    world_drain(w);
    world_close(w);
}

static void test_an_id_in_the_url_names_a_provisional_meeting(void **state) {
    (void)state;
    struct world *w = world_open(0, 8, 60000);
    int first = track_open(w, "", "sala", "bob", "TR_1");
    int second = track_open(w, "RM_1", "sala", "ana", "TR_2");
    assert_names(w, "sala", "RM_1", "sala");
    int third = track_open(w, "", "sala", "eva", "TR_3");
    assert_int_equal(directory_start_session(w->directory, SLICE("RM_1"), SLICE("sala"), 0), 0);
    wait_until(w, is_three_open);
    const char *json = describe(w, "sala");
    assert_non_null(strstr(json, "\"bob\""));
    assert_non_null(strstr(json, "\"ana\""));
    assert_non_null(strstr(json, "\"eva\""));
    track_close(first);
    track_close(second);
    track_close(third);
    world_drain(w);
    world_close(w);
}

static void test_a_rooms_next_session_is_another_meeting(void **state) {
    (void)state;
    struct world *w = world_open(0, 8, 60000);
    directory_start_session(w->directory, SLICE("RM_1"), SLICE("sala"), 0);
    directory_end_session(w->directory, SLICE("RM_1"));
    int fd = track_open(w, "", "sala", "bob", "TR_1");
    assert_names(w, "sala", "sala", "sala"); /* the ended one is not revived */
    directory_start_session(w->directory, SLICE("RM_2"), SLICE("sala"), 0);
    assert_names(w, "sala", "RM_2", "sala");
    assert_names(w, "RM_1", "RM_1", "sala");
    track_close(fd);
    world_drain(w);
    world_close(w);
}

static bool is_forgotten(struct world *w) {
    struct slice id, room;
    return !directory_find(w->directory, SLICE("RM_1"), &id, &room);
}

static void test_an_ended_meeting_is_forgotten_when_its_last_track_went(void **state) {
    (void)state;
    struct world *w = world_open(1, 8, 100);
    directory_start_session(w->directory, SLICE("RM_1"), SLICE("sala"), 0);
    int fd = track_open(w, "RM_1", "sala", "bob", "TR_1");
    directory_end_session(w->directory, SLICE("RM_1"));
    wait_until(w, is_one_open);
    assert_false(is_forgotten(w));
    track_close(fd);
    wait_until(w, is_one_ended);
    wait_until(w, is_forgotten);
    assert_string_equal(describe(w, "RM_1"), "{\"meetingId\":\"RM_1\",\"participants\":[]}");
    world_drain(w);
    world_close(w);
}

/* --- limits and endings --- */

static void test_tracks_are_limited(void **state) {
    (void)state;
    struct world *w = world_open(0, 1, 60000);
    int first = track_open(w, "", "sala", "bob", "TR_1"), err;
    int second = track_enter(w, "", "sala", "ana", "TR_2", &err);
    assert_int_equal(err, EMFILE);
    close(second);
    track_close(first);
    wait_until(w, is_one_ended);
    second = track_enter(w, "", "sala", "ana", "TR_2", &err);
    assert_int_equal(err, 0);
    track_close(second);
    world_drain(w);
    world_close(w);
}

static void test_meetings_are_limited_but_known_ones_grow(void **state) {
    (void)state;
    struct world *w = world_open(0, 64, 60000);
    int fds[10], err;
    char room[16];
    for (int i = 0; i < 8; i++) {
        snprintf(room, sizeof room, "room%d", i);
        fds[i] = track_open(w, "", room, "bob", "TR_1");
    }
    fds[8] = track_enter(w, "", "another", "bob", "TR_1", &err);
    assert_int_equal(err, ENFILE);
    fds[9] = track_open(w, "", "room3", "ana", "TR_2");
    for (int i = 0; i < 10; i++)
        close(fds[i]);
    world_drain(w);
    world_close(w);
}

static void test_of_one_track_twice_one_is_judged(void **state) {
    (void)state;
    struct world *w = world_open(0, 8, 60000);
    int first = track_open(w, "", "sala", "bob", "TR_1");
    int second = track_open(w, "", "sala", "bob", "TR_1");
    wait_until(w, is_two_open);
    const char *json = describe(w, "sala");
    const char *bob = strstr(json, "\"bob\"");
    assert_non_null(bob);
    assert_null(strstr(bob + 1, "\"bob\""));
    track_close(first);
    track_close(second);
    world_drain(w);
    world_close(w);
}

static void test_draining_says_goodbye_and_refuses(void **state) {
    (void)state;
    struct world *w = world_open(1, 8, 60000);
    int fd = track_open(w, "", "sala", "bob", "TR_1"), err;
    wait_until(w, is_one_open);
    directory_drain(w->directory, on_drained, w);
    int refused = track_enter(w, "", "sala", "ana", "TR_2", &err);
    assert_int_equal(err, ESHUTDOWN);
    close(refused);
    uint8_t answer[512];
    ssize_t got = read(fd, answer, sizeof answer); /* the handshake's answer */
    assert_true(got > 12 && !memcmp(answer, "HTTP/1.1 101", 12));
    const uint8_t *end = memmem(answer, (size_t)got, "\r\n\r\n", 4);
    size_t rest = (size_t)(answer + got - (end + 4));
    if (rest == 0) {
        got = read(fd, answer, sizeof answer);
        end = answer - 4;
        rest = (size_t)got;
    }
    assert_true(rest >= 4);
    assert_int_equal(end[4], 0x88);
    assert_int_equal(end[6] << 8 | end[7], 1001);
    track_close(fd);
    wait_until(w, is_drained);
    assert_int_equal(w->last_end, TRACK_END_DRAINED);
    directory_stop(w->directory);
    disk_close(w->disk);
    world_close(w);
}

/* Nobody answers the goodbye, and control's loop does not turn again. */
static void cut_short(unsigned shards) {
    enum { SAMPLES = 9600 };
    static int16_t pcm[SAMPLES];
    audio_make(pcm, SAMPLES);
    struct world *w = world_open(shards, 8, 60000);
    int fd = track_open(w, "RM_1", "sala", "bob", "TR_1");
    wait_until(w, is_one_open);
    frame_send(fd, WS_BINARY, pcm, sizeof pcm);
    directory_drain(w->directory, on_drained, w);
    directory_set_participant(w->directory, SLICE("RM_1"), SLICE("sala"), SLICE("bob"),
                              SLICE("Bob"), true);
    directory_describe(w->directory, SLICE("RM_1"), on_answer, w);
    directory_stop(w->directory);
    disk_close(w->disk);
    struct buf got = recording_read(w, "RM_1");
    assert_int_equal(got.len, sizeof pcm);
    assert_memory_equal(got.data, pcm, sizeof pcm);
    buf_free(&got);
    directory_close(w->directory);
    w->directory = NULL;
    assert_int_equal(w->answers, 1);
    assert_non_null(strstr(w->answer.data, "\"bob\""));
    assert_int_equal(w->drained, 0);
    close(fd);
    world_close(w);
}

static void test_a_cut_short_drain_keeps_the_audio_on_controls_loop(void **state) {
    (void)state;
    cut_short(0);
}

static void test_a_cut_short_drain_keeps_the_audio_on_a_shard(void **state) {
    (void)state;
    cut_short(2);
}

static void on_stats(void *arg, const struct shard_stats *total, size_t shards) {
    struct world *w = arg;
    assert_int_equal(shards, 2);
    w->stats = *total;
    w->answers++;
}

static void test_stats_are_of_all_shards(void **state) {
    (void)state;
    struct world *w = world_open(2, 8, 60000);
    int first = track_open(w, "RM_1", "a", "bob", "TR_1");
    int second = track_open(w, "RM_2", "b", "ana", "TR_2");
    wait_until(w, is_two_open);
    directory_ask_stats(w->directory, on_stats, w);
    wait_until(w, has_answer);
    assert_int_equal(w->stats.audio_tracks, 2);
    assert_int_equal(w->stats.meetings, 2);
    assert_int_equal(w->stats.media.opened, 2);
    assert_true(w->stats.tick_period_ms <= 100);
    track_close(first);
    track_close(second);
    world_drain(w);
    world_close(w);
}

RUN_TESTS(TEST(test_recorded_as_sent_on_controls_loop), TEST(test_recorded_as_sent_on_a_shard),
          TEST(test_muted_audio_is_dropped), TEST(test_a_session_renames_the_meeting_of_its_room),
          TEST(test_an_id_in_the_url_names_a_provisional_meeting),
          TEST(test_a_rooms_next_session_is_another_meeting),
          TEST(test_an_ended_meeting_is_forgotten_when_its_last_track_went),
          TEST(test_tracks_are_limited), TEST(test_meetings_are_limited_but_known_ones_grow),
          TEST(test_of_one_track_twice_one_is_judged), TEST(test_draining_says_goodbye_and_refuses),
          TEST(test_a_cut_short_drain_keeps_the_audio_on_controls_loop),
          TEST(test_a_cut_short_drain_keeps_the_audio_on_a_shard),
          TEST(test_stats_are_of_all_shards))

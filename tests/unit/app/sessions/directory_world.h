/* A directory with its shards, over real sockets and a real disk thread, and senders for it. */
#ifndef TESTS_UNIT_APP_DIRECTORY_WORLD_H
#define TESTS_UNIT_APP_DIRECTORY_WORLD_H

#include "app/sessions/directory.h"

#include "unit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "meeting/rules.h"
#include "net/loop.h"
#include "net/stream.h"
#include "outside/disk/disk.h"
#include "outside/files/storage.h"
#include "wire/web/ws.h"

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

typedef void rules_of_fn(struct slice organization, struct slice kind, struct rules *, void *user);

static inline void on_track(struct slice meeting_id, const struct shard_track_event *event,
                            void *user) {
    struct world *w = user;
    assert_true(meeting_id.len > 0);
    w->opened += event->is_opened;
    w->ended += !event->is_opened;
    w->last_end = event->end;
}

static inline void on_feedback(const struct directory_feedback *feedback, void *user) {
}

/* rules_of NULL: all meetings have the default rules. */
static inline struct world *world_open_with(unsigned shards, size_t max_tracks, unsigned linger_ms,
                                            rules_of_fn *rules_of, void *rules_user) {
    struct world *w = mem_alloc(sizeof *w);
    log_setup(LOG_ERROR, LOG_TEXT);
    strcpy(w->dir, "/tmp/prosa-directory-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    char why[256];
    struct storage_settings storage = {.root = w->dir};
    assert_int_equal(storage_open(&w->storage, &storage, why, sizeof why), 0);
    struct disk_settings disk;
    disk_settings_init(&disk);
    disk.storage = w->storage;
    assert_int_equal(disk_open(&w->disk, &disk), 0);
    rules_init(&w->rules);
    assert_int_equal(loop_open(&w->loop), 0);
    struct directory_settings settings = {.shard = {.rules = &w->rules,
                                                    .disk = w->disk,
                                                    .record_format = "wav",
                                                    .join_record_format = "opus",
                                                    .group_ms = 500,
                                                    .max_message_bytes = 1 << 20},
                                          .shards = shards,
                                          .max_tracks = max_tracks,
                                          .max_meetings = 8,
                                      .tracks_for_signed = max_tracks == 3,
                                          .linger_ms = linger_ms,
                                          .on_feedback = on_feedback,
                                          .on_track = on_track,
                                          .track_user = w,
                                          .rules_of = rules_of,
                                          .rules_user = rules_user};
    assert_int_equal(directory_open(&w->directory, w->loop, &settings), 0);
    return w;
}

static inline struct world *world_open(unsigned shards, size_t max_tracks, unsigned linger_ms) {
    return world_open_with(shards, max_tracks, linger_ms, NULL, NULL);
}

static inline void on_poll(void *arg) {
    struct world *w = arg;
    if (w->is_reached(w) || clock_mono_ms() > w->until_ms)
        loop_stop(w->loop);
}

static inline void wait_until(struct world *w, bool (*is_reached)(struct world *)) {
    w->is_reached = is_reached;
    w->until_ms = clock_mono_ms() + DEADLINE_MS;
    timer_start(w->loop, &w->poll, 0, STEP_MS, on_poll, w);
    loop_run(w->loop);
    timer_stop(&w->poll);
    assert_true(is_reached(w));
}

static inline void on_drained(void *arg) {
    ((struct world *)arg)->drained++;
}

static inline bool is_drained(struct world *w) {
    return w->drained > 0;
}

static inline int remove_entry(const char *path, const struct stat *stat, int kind,
                               struct FTW *where) {
    (void)stat, (void)kind, (void)where;
    return remove(path);
}

/* Drains, so that every recording is finished on disk; the folder stays until world_close. */
static inline void world_drain(struct world *w) {
    directory_drain(w->directory, on_drained, w);
    wait_until(w, is_drained);
    directory_stop(w->directory);
    disk_close(w->disk);
}

static inline void world_close(struct world *w) {
    directory_close(w->directory);
    storage_close(w->storage);
    loop_close(w->loop);
    buf_free(&w->answer);
    nftw(w->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    mem_free(w);
}

/* --- a sender --- */

static inline int track_enter_as(struct world *w, const char *meeting, const char *room,
                                 const char *who, const char *track, bool is_signed, int *err) {
    struct track_params params = {
        .kind = TRACK_AUDIO, .rate_hz = 48000, .channels = 1, .is_signed = is_signed};
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

static inline int track_enter(struct world *w, const char *meeting, const char *room,
                              const char *who, const char *track, int *err) {
    return track_enter_as(w, meeting, room, who, track, false, err);
}

static inline int track_open(struct world *w, const char *meeting, const char *room,
                             const char *who, const char *track) {
    int err;
    int fd = track_enter(w, meeting, room, who, track, &err);
    assert_int_equal(err, 0);
    return fd;
}

static inline void frame_send(int fd, enum ws_opcode opcode, const void *bytes, size_t len) {
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    uint8_t *frame = mem_alloc(WS_HEAD_MAX + len);
    size_t head = ws_write_head(frame, opcode, true, len, mask);
    memcpy(frame + head, bytes, len);
    ws_mask(frame + head, len, mask, 0);
    assert_int_equal(write(fd, frame, head + len), (ssize_t)(head + len));
    mem_free(frame);
}

static inline void track_close(int fd) {
    frame_send(fd, WS_CLOSE, "", 0);
    close(fd);
}

static inline bool is_one_ended(struct world *w) {
    return w->ended == 1;
}

static inline bool is_two_open(struct world *w) {
    return w->opened == 2;
}

static inline bool is_three_open(struct world *w) {
    return w->opened == 3;
}

static inline bool is_one_open(struct world *w) {
    return w->opened == 1;
}

/* --- what is asked --- */

static inline bool has_answer(struct world *w) {
    return w->answers > 0;
}

static inline void on_answer(struct slice json, void *user) {
    struct world *w = user;
    w->answers++;
    buf_clear(&w->answer);
    buf_add_slice(&w->answer, json);
    buf_add_byte(&w->answer, 0);
}

#endif

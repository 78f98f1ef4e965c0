#include "app/reports/mix_api.h"

#include "app/hosts/hosts.h"
#include "app/rest/bearer.h"
#include "app/rest/refusal.h"
#include "app/rest/routes.h"
#include "app/sessions/directory.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/http/http_server.h"
#include "net/worker.h"
#include "outside/disk/codec.h"
#include "outside/files/format.h"
#include "outside/mix/mix.h"
#include "outside/store/store_recording.h"
#include "wire/media/wav.h"
#include "wire/web/url.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum {
    RUNNING_MAX = 2,
    WAITING_MAX = 16,
    NICE = 10,
    SPAN_MAX_MS = 60 * 1000,         /* as WAV */
    WHOLE_MAX_MS = 24 * 3600 * 1000, /* as Opus */
    JOBS_MAX = 16,
    OPUS_BPS = 32000,
    TRACKS_MAX = 256,
    ROWS_MAX = 1000,
    PIECE = MIX_RATE_HZ, /* samples made at once: a second */
};

struct mix_api {
    struct mix_settings set;
    struct worker *worker;
    unsigned jobs;
};

/* One recorded file. */
struct mix_row {
    char *path;
    int64_t started_ms;
    bool is_open; /* still being recorded */
};

/*
 * One request:  right?  ->  which recordings  ->  (worker) opened  ->  (worker) a second  ->  sent ...
 */
struct mix_job {
    struct mix_api *owner;
    struct http_request *req; /* NULL once the client went */
    char *name;
    int64_t from_ms, to_ms;
    double rate;
    struct buf tracks; /* identities, separated by commas; empty: all */
    struct mix_row rows[TRACKS_MAX];
    size_t row_count;
    bool has_recordings;
    struct mix *mix;
    bool is_opus;
    struct codec *codec; /* of Opus */
    struct buf encoded;
    bool is_cut; /* the recording goes on: to_ms is as far as it is */
    bool is_working, is_head;
    size_t piece; /* samples in `pcm` */
    int16_t pcm[PIECE];
};

static void job_free(struct mix_job *job) {
    for (size_t i = 0; i < job->row_count; i++)
        mem_free(job->rows[i].path);
    if (job->codec)
        codec_opus.close(job->codec);
    mix_free(job->mix);
    buf_free(&job->encoded);
    buf_free(&job->tracks);
    job->owner->jobs--;
    mem_free(job->name);
    mem_free(job);
}

static void mix_on_abort(struct http_request *req) {
    struct mix_job *job = req->user;
    job->req = NULL;
    if (job->mix && !job->is_working)
        job_free(job); /* it waited for its client */
}

static void job_refuse(struct mix_job *job, int status, const char *message) {
    if (job->req)
        refuse(job->req, status, message);
    job_free(job);
}

/* ---- The sound, second by second ---- */

static void mix_on_encoded(uint64_t offset, const void *bytes, size_t len, void *user) {
    buf_add(user, bytes, len);
}

static void mix_make_piece(void *arg) {
    struct mix_job *job = arg;
    job->piece = mix_make(job->mix, job->pcm, PIECE);
    if (job->piece > 0 && job->codec) {
        codec_opus.feed(job->codec, job->pcm, job->piece);
    } else if (job->codec) {
        codec_opus.close(job->codec); /* writes the rest */
        job->codec = NULL;
    }
}

/* False: the client has enough for now. */
static bool send_piece(struct mix_job *job) {
    if (!job->is_opus)
        return http_body_write(job->req, slice_of(job->pcm, job->piece * sizeof job->pcm[0]));
    bool takes_more = http_body_write(job->req, buf_slice(&job->encoded));
    buf_clear(&job->encoded);
    return takes_more;
}

static void mix_on_piece(int err, void *arg);

static void job_more(struct mix_job *job) {
    job->is_working = true;
    if (worker_run(job->owner->worker, mix_make_piece, mix_on_piece, job) == 0)
        return;
    http_drop(job->req); /* the body has begun */
    job_free(job);
}

static void mix_on_drain(struct http_request *req) {
    struct mix_job *job = req->user;
    if (!job->is_working)
        job_more(job);
}

static void mix_on_piece(int err, void *arg) {
    struct mix_job *job = arg;
    job->is_working = false;
    if (err && job->req)
        http_drop(job->req);
    if (err || !job->req) {
        job_free(job);
        return;
    }
    bool takes_more = send_piece(job);
    if (job->piece == 0) {
        http_body_end(job->req);
        job_free(job);
    } else if (takes_more) {
        job_more(job);
    }
}

/* ---- Opening ---- */

/* On a worker. Files that are gone or cannot be read are left out. */
static void mix_open(void *arg) {
    struct mix_job *job = arg;
    struct mix_track *tracks[TRACKS_MAX];
    int64_t open_until_ms = INT64_MAX;
    size_t count = 0;
    for (size_t i = 0; i < job->row_count; i++) {
        const struct mix_row *row = &job->rows[i];
        if (mix_track_open(&tracks[count], job->owner->set.storage, slice_from(row->path),
                           row->started_ms))
            continue;
        int64_t until_ms = mix_track_until_ms(tracks[count++]);
        if (row->is_open && until_ms < open_until_ms)
            open_until_ms = until_ms;
    }
    job->is_cut = open_until_ms < job->to_ms;
    if (job->is_cut)
        job->to_ms = open_until_ms > job->from_ms ? open_until_ms : job->from_ms;
    job->mix = mix_new(job->from_ms, job->to_ms, job->rate);
    for (size_t i = 0; i < count; i++)
        mix_add(job->mix, tracks[i]);
    if (job->is_opus &&
        codec_opus.open(&job->codec, MIX_RATE_HZ, 1, OPUS_BPS, mix_on_encoded, &job->encoded))
        job->codec = NULL;
}

static void add_until(struct mix_job *job) {
    struct buf until = {0};
    buf_printf(&until, "%lld", (long long)job->to_ms);
    http_add_header(job->req, "X-Prosa-Until", buf_slice(&until));
    http_add_header(job->req, "Access-Control-Expose-Headers", SLICE("X-Prosa-Until"));
    buf_free(&until);
}

static void job_answer(struct mix_job *job) {
    uint8_t head[WAV_HEADER_MAX];
    const struct wav_format format = wav_format_s16(MIX_RATE_HZ, 1);
    uint64_t bytes = mix_samples(job->mix) * sizeof(int16_t);
    size_t head_bytes = job->is_opus ? 0 : wav_write_header(head, WAV_CANONICAL, &format, bytes);
    if (job->is_cut)
        add_until(job);
    http_add_header(job->req, "Cache-Control", SLICE("private, no-store"));
    http_respond_start(job->req, 200, job->is_opus ? "audio/ogg" : "audio/wav",
                       job->is_opus ? -1 : (int64_t)(head_bytes + bytes));
    if (job->is_head) {
        http_body_end(job->req);
        job_free(job);
        return;
    }
    http_body_write(job->req, slice_of(head, head_bytes));
    job->req->on_drain = mix_on_drain;
    job_more(job);
}

static void mix_on_opened(int err, void *arg) {
    struct mix_job *job = arg;
    job->is_working = false;
    if (err || !job->req || (job->is_opus && !job->codec))
        job_refuse(job, 503, NULL);
    else
        job_answer(job);
}

/* ---- Which recordings ---- */

static bool is_wanted(const struct mix_job *job, struct slice participant) {
    struct slice rest = buf_slice(&job->tracks), one;
    if (rest.len == 0)
        return true;
    while (slice_cut(&rest, ',', &one))
        if (slice_is_equal(one, participant))
            return true;
    return false;
}

static void take_row(struct mix_job *job, const struct recording_info *row) {
    if (format_is_video(row->format))
        return;
    job->has_recordings = true;
    if (row->started_ms >= job->to_ms || (row->ended_ms && row->ended_ms <= job->from_ms) ||
        job->row_count == TRACKS_MAX || !is_wanted(job, row->participant))
        return;
    job->rows[job->row_count++] =
        (struct mix_row){slice_copy_text(row->path), row->started_ms, row->ended_ms == 0};
}

/* From the first recording to the end of the last, or until now. */
static void take_whole(struct mix_job *job, const struct store_recording_list *list) {
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < list->count; i++) {
        const struct recording_info *row = &list->recordings[i];
        int64_t end_ms = row->ended_ms ? row->ended_ms : now_ms;
        if (format_is_video(row->format))
            continue;
        if (job->from_ms == 0 || row->started_ms < job->from_ms)
            job->from_ms = row->started_ms;
        if (end_ms > job->to_ms)
            job->to_ms = end_ms;
    }
    if (job->to_ms > job->from_ms + WHOLE_MAX_MS)
        job->to_ms = job->from_ms + WHOLE_MAX_MS;
}

static void mix_on_rows(int err, const struct store_recording_list *list, void *arg) {
    struct mix_job *job = arg;
    if (!err && job->to_ms == 0)
        take_whole(job, list);
    for (size_t i = 0; !err && i < list->count; i++)
        take_row(job, &list->recordings[i]);
    if (err || !job->req) {
        job_refuse(job, 503, NULL);
    } else if (!job->has_recordings) {
        job_refuse(job, 404, "There are no recordings of this meeting");
    } else {
        job->is_working = true;
        if (worker_run(job->owner->worker, mix_open, mix_on_opened, job))
            job_refuse(job, 503, "Too many mixes at once; try again shortly");
    }
}

static void mix_on_right(int status, void *arg) {
    struct mix_job *job = arg;
    struct slice id, room;
    if (!job->req || status != 200) {
        job_refuse(job, status, status == 404 ? "Meeting not found" : NULL);
        return;
    }
    if (directory_find(job->owner->set.directory, slice_from(job->name), &id, &room))
        slice_replace_text(&job->name, id);
    store_recording_list_committed(job->owner->set.store, slice_from(job->name), ROWS_MAX,
                                   mix_on_rows, job);
}

/* ---- The door ---- */

static bool read_ms(struct slice query, const char *name, int64_t *out) {
    struct slice text;
    uint64_t ms;
    if (query_find(query, name, &text) == 0 || !slice_to_uint(text, INT64_C(253402300799999), &ms))
        return false;
    *out = (int64_t)ms;
    return true;
}

/* Opus may be of the whole meeting. */
static const char *read_span(struct mix_job *job, struct slice query) {
    struct slice text;
    bool has_span = query_find(query, "from", &text) > 0 || query_find(query, "to", &text) > 0;
    int64_t most_ms = job->is_opus ? WHOLE_MAX_MS : SPAN_MAX_MS;
    if (job->is_opus && !has_span)
        return NULL;
    if (!read_ms(query, "from", &job->from_ms) || !read_ms(query, "to", &job->to_ms) ||
        job->to_ms <= job->from_ms || job->to_ms - job->from_ms > most_ms)
        return "from and to must be Unix milliseconds, at most 60 seconds apart (24 hours as opus)";
    return NULL;
}

/* NULL, or a sentence about what is wrong. */
static const char *read_query(struct mix_job *job, struct slice query) {
    struct slice text;
    job->rate = 1;
    if (query_find(query, "format", &text) > 0) {
        job->is_opus = slice_is_equal(text, SLICE("opus"));
        if (!job->is_opus && !slice_is_equal(text, SLICE("wav")))
            return "format must be one of the following values: wav, opus";
    }
    if (query_find(query, "rate", &text) > 0 &&
        (!slice_to_real(text, &job->rate) || !(job->rate >= 1 && job->rate <= 2)))
        return "rate must be a number from 1 to 2";
    if (query_get(&job->tracks, query, "tracks") == EINVAL)
        return "tracks must be identities, separated by commas";
    return read_span(job, query);
}

static void mix_on_get(struct http_request *req, const struct route_match *match, void *owner) {
    struct mix_job *job = mem_alloc(sizeof *job);
    job->owner = owner;
    job->owner->jobs++;
    job->req = req;
    job->name = slice_copy_text(match->params[0]);
    job->is_head = slice_is_equal(req->method, SLICE("HEAD"));
    const char *wrong = read_query(job, req->query);
    if (wrong) {
        job_refuse(job, 400, wrong);
        return;
    }
    if (job->owner->jobs > JOBS_MAX) {
        job_refuse(job, 503, "Too many mixes at once; try again shortly");
        return;
    }
    req->user = job;
    req->on_abort = mix_on_abort;
    hosts_check_bearer(job->owner->set.hosts, bearer_token(req->head), slice_from(job->name),
                       mix_on_right, job);
}

void mix_api_add_routes(struct mix_api *api, struct routes *routes) {
    static const struct route rows[] = {{"GET", "/meetings/:meetingId/mix", mix_on_get}};
    routes_add(routes, rows, ARRAY_LEN(rows), api);
}

/* ---- Life ---- */

struct mix_api *mix_api_new(const struct mix_settings *settings) {
    struct mix_api *api = mem_alloc(sizeof *api);
    api->set = *settings;
    api->worker = worker_new(settings->loop, RUNNING_MAX, WAITING_MAX, NICE);
    return api;
}

void mix_api_close(struct mix_api *api) {
    if (api)
        worker_close(api->worker);
}

void mix_api_free(struct mix_api *api) {
    mem_free(api);
}

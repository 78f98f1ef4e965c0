/*
 * GET /meetings/:meetingId/mix: a span of a meeting to hear, all tracks or some (docs/report.md,
 * "Sound"). Made on workers of its own, a few at once and with little priority, and sent as it is
 * made. Control thread only.
 */
#ifndef APP_MIX_API_H
#define APP_MIX_API_H

struct directory;
struct hosts;
struct loop;
struct mix_api;
struct routes;
struct storage;
struct store;

/* All must outlive it. */
struct mix_settings {
    struct loop *loop;
    const struct storage *storage;
    struct store *store;
    struct hosts *hosts;
    const struct directory *directory;
};

struct mix_api *mix_api_new(const struct mix_settings *);
/* After the HTTP server has closed; what a worker has is finished before loop_close returns. NULL is
 * fine. */
void mix_api_close(struct mix_api *);
/* After loop_close. */
void mix_api_free(struct mix_api *);

void mix_api_add_routes(struct mix_api *, struct routes *);

#endif

/* What control watches of a meeting: who is there and how loud they are, for the live streams. It is
 * written once a meeting, whoever listens, and only while somebody does. */
#include "app/shard/shard_private.h"

#include "base/macros.h"
#include "base/mem.h"
#include "meeting/report.h"
#include "wire/web/json_write.h"

enum { LEVELS_MS = 100 };

/* ---- From control ---- */

struct watch_mail {
    struct mail mail;
    uint64_t key;
    unsigned what;
};

static void watch_deliver(struct mail *mail, void *owner) {
    struct watch_mail *m = (struct watch_mail *)mail;
    struct live_meeting *live = shard_find(shard_of(owner), m->key);
    if (live) {
        if (!live->watched) /* what has changed since the snapshot that was asked before is told */
            live->told_revision = report_revision(meeting_report(live->engine)) - 1;
        live->watched = m->what;
        shard_look_people(live);
    }
    mem_free(m);
}

void shard_watch_meeting(struct shard *shard, uint64_t key, unsigned what) {
    struct watch_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = watch_deliver;
    m->key = key;
    m->what = what;
    station_send(shard->station, &m->mail);
}

/* ---- To control ---- */

/* Carries its listener: it may be delivered after the shard is gone. */
struct view_mail {
    struct mail mail;
    struct shard_listener listener;
    uint64_t key;
    enum live_watch what;
    struct buf json;
};

static void view_deliver(struct mail *mail, void *owner) {
    struct view_mail *m = (struct view_mail *)mail;
    m->listener.on_view(m->key, m->what, buf_slice(&m->json), m->listener.user);
    buf_free(&m->json);
    mem_free(m);
}

static struct view_mail *view_open(struct live_meeting *live, enum live_watch what) {
    struct shard *shard = CONTAINER_OF(live->core, struct shard, core);
    struct view_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = view_deliver;
    m->listener = shard->listener;
    m->key = live->key;
    m->what = what;
    json_open(&m->json, NULL);
    json_add_int(&m->json, "ts", live_meeting_time_ms(live, live->core->now_ms));
    return m;
}

static void view_send(struct live_meeting *live, struct view_mail *m) {
    struct shard *shard = CONTAINER_OF(live->core, struct shard, core);
    json_close(&m->json);
    mailbox_send(shard->control, &m->mail);
}

void shard_look_people(struct live_meeting *live) {
    const struct report *report = meeting_report(live->engine);
    if (!(live->watched & WATCH_PEOPLE) || report_revision(report) == live->told_revision)
        return;
    struct view_mail *m = view_open(live, WATCH_PEOPLE);
    live->told_revision = report_revision(report);
    json_add_uint(&m->json, "revision", live->told_revision);
    report_write_people(&m->json, report);
    view_send(live, m);
}

void shard_look_levels(struct live_meeting *live) {
    int64_t now_ms = live->core->now_ms;
    if (!(live->watched & WATCH_LEVELS) || now_ms < live->levels_due_ms)
        return;
    live->levels_due_ms += LEVELS_MS;
    if (live->levels_due_ms <= now_ms)
        live->levels_due_ms = now_ms + LEVELS_MS;
    shard_look_people(live); /* the lists are in the order of the people that were told last */
    struct view_mail *m = view_open(live, WATCH_LEVELS);
    report_write_levels(&m->json, meeting_report(live->engine));
    view_send(live, m);
}

/* LiveKit: whether it can be reached, takes our key, and has our time. */
#include "app/doctor/doctor_private.h"
#include "app/doctor/probe.h"
#include "net/loop.h"
#include "outside/livekit/livekit.h"

#include <stdlib.h>

enum { PATIENCE_MS = 5000, CLOCKS_APART_MS = 2000 };

struct question {
    struct doctor *doctor;
    struct loop *loop;
};

/* 401: the key or the secret is another; anything else but 200 is told in LiveKit's words. */
static void doctor_on_rooms(const struct livekit_reply *reply, void *user) {
    struct question *question = user;
    struct findings *findings = &question->doctor->findings;
    const char *url = question->doctor->config->livekit_url;
    if (reply->status == 200)
        findings_add(findings, FINDING_GOOD, "livekit", NULL, "%s answers and takes our key", url);
    else if (reply->status == 401 || reply->status == 403)
        findings_add(
            findings, FINDING_FAULT, "livekit",
            "LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be a pair of `keys:` in LiveKit's "
            "configuration",
            "%s refuses our key: %s", url, reply->problem);
    else if (reply->status == 0)
        findings_add(findings, FINDING_FAULT, "livekit",
                     "check LIVEKIT_API_URL, that LiveKit runs, and what is between",
                     "%s cannot be reached: %s", url, reply->problem);
    else
        findings_add(findings, FINDING_FAULT, "livekit",
                     "LIVEKIT_API_URL must be LiveKit's own address, without a path", "%s: %s", url,
                     reply->problem);
    loop_stop(question->loop);
}

static void ask_for_rooms(struct doctor *doctor) {
    const struct config *config = doctor->config;
    struct question question = {.doctor = doctor};
    struct livekit *livekit;
    if (loop_open(&question.loop))
        return;
    struct livekit_settings set = {
        .loop = question.loop,
        .url = config->livekit_url,
        .key = config->livekit_keys[0].issuer.ptr,
        .secret = config->livekit_keys[0].secret.ptr,
        .timeout_ms = PATIENCE_MS,
    };
    if (livekit_open(&livekit, &set) == 0) {
        livekit_list_rooms(livekit, doctor_on_rooms, &question);
        loop_run(question.loop);
        livekit_close(livekit);
    }
    loop_close(question.loop);
}

/* Tokens and webhooks carry times: LiveKit takes a minute of difference, and no more. */
static void look_at_clock(struct doctor *doctor) {
    struct probe probe = {.url = doctor->config->livekit_url};
    probe_ask(&probe);
    int64_t apart_ms = probe.told_ms - probe.heard_ms;
    bool is_apart = llabs(apart_ms) > CLOCKS_APART_MS;
    if (probe.told_ms > 0)
        findings_add(&doctor->findings, is_apart ? FINDING_FAULT : FINDING_GOOD, "livekit",
                     is_apart ? "set both clocks by NTP" : NULL, "its clock is %s%.0f s from ours",
                     is_apart ? "" : "less than ",
                     is_apart ? (double)llabs(apart_ms) / 1000 : CLOCKS_APART_MS / 1000.0);
    buf_free(&probe.body);
}

void look_at_livekit(struct doctor *doctor) {
    if (doctor->config->livekit_key_count == 0)
        return;
    ask_for_rooms(doctor);
    look_at_clock(doctor);
}

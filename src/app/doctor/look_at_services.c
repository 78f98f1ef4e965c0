/* The address that LiveKit Egress is given, the prosody service, and those who are told by webhooks. */
#include "app/config/webhook_targets.h"
#include "app/doctor/doctor_private.h"
#include "app/doctor/probe.h"
#include "wire/web/url.h"

#include <stdio.h>

static bool is_own_machine(struct slice host) {
    return slice_is_equal_nocase(host, SLICE("localhost")) ||
           slice_has_prefix(host, SLICE("127.")) || slice_is_equal(host, SLICE("::1"));
}

/* Egress runs where LiveKit runs, or beside it. When that is another machine, or another container,
 * its localhost is not ours. */
static void look_at_locality(struct doctor *doctor, const struct url *base) {
    const struct config *config = doctor->config;
    struct url livekit;
    if (!is_own_machine(base->host) || url_parse(&livekit, slice_from(config->livekit_url)))
        return;
    if (is_own_machine(livekit.host))
        findings_add(&doctor->findings, FINDING_GOOD, "egress", NULL,
                     "EGRESS_WS_BASE is %s: right when Egress runs on this machine, outside "
                     "containers",
                     config->egress_ws_base);
    else
        findings_add(
            &doctor->findings, FINDING_FAULT, "egress",
            "set EGRESS_WS_BASE to ws://HOST:PORT under which that machine reaches this one",
            "EGRESS_WS_BASE is %s, but LiveKit runs at %.*s: Egress would call itself",
            config->egress_ws_base, SLICE_ARG(livekit.host));
}

/* Where rooms are joined, Egress is only needed where that fails, and may be absent. */
void look_at_egress_address(struct doctor *doctor) {
    const struct config *config = doctor->config;
    struct url base;
    struct buf url = {0};
    if (!config->egress_autostart || config->livekit_key_count == 0 ||
        config->media_source == MEDIA_JOIN || url_parse(&base, slice_from(config->egress_ws_base)))
        return;
    look_at_locality(doctor, &base);
    if (!doctor->is_running)
        return;
    buf_printf(&url, "%s/health", config->egress_ws_base);
    buf_add_byte(&url, 0);
    struct probe probe = {.url = (const char *)url.data};
    probe_ask(&probe);
    if (probe.status == 200)
        findings_add(&doctor->findings, FINDING_GOOD, "egress", NULL, "%s leads here",
                     config->egress_ws_base);
    else
        findings_add(&doctor->findings, FINDING_FAULT, "egress",
                     "set EGRESS_WS_BASE to the address of this server as Egress sees it",
                     "%s does not lead to this server: %s (%ld)", config->egress_ws_base,
                     *probe.why ? probe.why : "another answer", probe.status);
    buf_free(&probe.body);
    buf_free(&url);
}

void look_at_prosody_service(struct doctor *doctor) {
    const struct config *config = doctor->config;
    if (!config->hume_api_key)
        return;
    struct probe probe = {.url = config->hume_ws_url, .proxy = config->https_proxy};
    probe_ask(&probe);
    if (probe.status > 0)
        findings_add(&doctor->findings, FINDING_GOOD, "prosody", NULL, "%s can be reached",
                     config->hume_ws_url);
    else
        findings_add(&doctor->findings, FINDING_FAULT, "prosody",
                     "check HUME_WS_URL, HTTPS_PROXY and the firewall; feedback about mood is "
                     "missing meanwhile, everything else works",
                     "%s cannot be reached: %s", config->hume_ws_url, probe.why);
    buf_free(&probe.body);
}

static void look_at_receiver(struct doctor *doctor, struct slice url) {
    struct buf text = {0}, origin = {0};
    buf_add_slice(&text, url);
    buf_add_byte(&text, 0);
    webhook_origin_write(&origin, url);
    struct probe probe = {.url = (const char *)text.data};
    probe_ask(&probe);
    if (probe.status > 0)
        findings_add(&doctor->findings, FINDING_GOOD, "webhooks to others", NULL,
                     "%.*s can be reached", SLICE_ARG(buf_slice(&origin)));
    else
        findings_add(
            &doctor->findings, FINDING_FAULT, "webhooks to others",
            "check WEBHOOK_URLS, the receiver's certificate and the firewall; what cannot be "
            "delivered is tried again for a day",
            "%.*s cannot be reached: %s", SLICE_ARG(buf_slice(&origin)), probe.why);
    buf_free(&probe.body);
    buf_free(&origin);
    buf_free(&text);
}

/* Whether somebody answers there; with what, only a signed webhook would show. */
void look_at_receivers(struct doctor *doctor) {
    struct slice rest = slice_from(doctor->config->webhook_urls), url;
    double dead = 0;
    while (webhook_targets_next(&rest, &url))
        look_at_receiver(doctor, url);
    if (doctor_metric(doctor, "prosa_deliveries_dead", &dead) && dead > 0)
        findings_add(
            &doctor->findings, FINDING_DOUBT, "webhooks to others",
            "GET /operators/webhooks lists them; POST /operators/webhooks/ID/redeliver tries one "
            "again",
            "%.0f were given up", dead);
}

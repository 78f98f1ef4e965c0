/* This machine: memory and descriptors against the limits, and the server that runs on it. */
#include "app/doctor/doctor_private.h"
#include "app/doctor/probe.h"
#include "base/clock.h"

#include <sys/resource.h>

static void add_own_address(const struct config *config, const char *path, struct buf *out) {
    const char *host = config->host ? config->host : "127.0.0.1";
    bool is_v6 = slice_find_byte(slice_from(host), ':') < slice_from(host).len;
    buf_printf(out, "%s://%s%s%s:%u%s", config->tls_cert_file ? "https" : "http", is_v6 ? "[" : "",
               host, is_v6 ? "]" : "", config->port, path);
    buf_add_byte(out, 0);
}

/* A server that has just started has heard nothing yet, and that is no fault. */
static void look_at_webhooks(struct doctor *doctor) {
    double last = 0, taken = 0;
    if (!doctor_metric(doctor, "prosa_webhook_last_timestamp_seconds", &last) ||
        !doctor_metric(doctor, "prosa_webhooks_total", &taken))
        return;
    if (last > 0)
        findings_add(&doctor->findings, FINDING_GOOD, "webhooks", NULL,
                     "%.0f have come, the last %.0f s ago", taken,
                     (double)clock_wall_ms() / 1000 - last);
    else
        findings_add(&doctor->findings, FINDING_DOUBT, "webhooks",
                     "in LiveKit's configuration: webhook: {api_key: KEY, urls: "
                     "[http://THIS-SERVER/livekit/webhook]}; then open a room",
                     "none has come since the server started");
}

void look_at_server(struct doctor *doctor) {
    struct buf url = {0};
    add_own_address(doctor->config, "/metrics", &url);
    struct probe probe = {.url = (const char *)url.data,
                          .token = doctor->config->metrics_token,
                          .trusts_anyone = true};
    probe_ask(&probe);
    double shards;
    doctor->metrics = probe.body;
    doctor->is_running = probe.status == 200 && doctor_metric(doctor, "prosa_shards", &shards);
    if (doctor->is_running) {
        findings_add(&doctor->findings, FINDING_GOOD, "server", NULL, "it runs on port %u",
                     doctor->config->port);
        look_at_webhooks(doctor);
    } else if (probe.status > 0) {
        findings_add(
            &doctor->findings, FINDING_FAULT, "server",
            "stop the other program, or set PORT to a free one",
            "port %u is taken by something that is not Prosa, or refuses its metrics (%ld)",
            doctor->config->port, probe.status);
    } else {
        findings_add(&doctor->findings, FINDING_DOUBT, "server",
                     "start it, and ask again: what only a running server knows was not looked at",
                     "it does not run on port %u: %s", doctor->config->port, probe.why);
    }
    buf_free(&url);
}

void look_at_machine(struct doctor *doctor) {
    const struct config *config = doctor->config;
    struct memory_part parts[CONFIG_MEMORY_PARTS];
    struct buf memory = {0};
    struct rlimit limit;
    config_write_memory(config, &memory);
    bool is_too_much =
        config->memory_bytes > 0 && config_memory(config, parts) > config->memory_bytes;
    findings_add(&doctor->findings, is_too_much ? FINDING_DOUBT : FINDING_GOOD, "memory",
                 is_too_much ? "lower the settings named, or give the machine more memory" : NULL,
                 "%.*s", SLICE_ARG(buf_slice(&memory)));
    buf_free(&memory);

    rlim_t wanted = config->max_connections + 2 * (rlim_t)config->max_tracks;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    bool is_short = limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted;
    findings_add(&doctor->findings, is_short ? FINDING_DOUBT : FINDING_GOOD, "descriptors",
                 is_short
                     ? "raise the limit: ulimit -n, LimitNOFILE= of the unit, --ulimit nofile= "
                       "of the container"
                     : NULL,
                 "%llu may be open, MAX_CONNECTIONS and MAX_TRACKS ask for %llu",
                 (unsigned long long)limit.rlim_max, (unsigned long long)wanted);
}

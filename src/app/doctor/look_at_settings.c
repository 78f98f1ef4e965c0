/* The settings: what they leave open and doubtful, and secrets that nobody set. */
#include "app/doctor/doctor_private.h"
#include "base/slice.h"

static void look_at_secrets(struct doctor *doctor) {
    const struct config *config = doctor->config;
    if (config->mode != MODE_PRODUCTION ||
        (config->jwt_access_secret && config->jwt_refresh_secret))
        return;
    findings_add(&doctor->findings, FINDING_DOUBT, "secrets",
                 "set JWT_ACCESS_SECRET and JWT_REFRESH_SECRET, 16 bytes or more, when several "
                 "servers or a new disk must accept the same logins",
                 "the secrets of logins are made at the first start and kept in %s/secrets",
                 config->storage_dir);
}

void look_at_settings(struct doctor *doctor) {
    const struct config *config = doctor->config;
    struct buf doors = {0};
    static const char *const modes[] = {"development", "test", "production"};
    findings_add(&doctor->findings, FINDING_GOOD, "settings", NULL, "they can be read (%s), for %s",
                 config->env_file ? config->env_file : "from the environment", modes[config->mode]);
    struct slice warnings = slice_from(config->warnings), warning;
    while (slice_cut(&warnings, '\n', &warning))
        findings_add(&doctor->findings, FINDING_DOUBT, "settings", NULL, "%.*s",
                     SLICE_ARG(warning));
    config_open_doors(config, &doors);
    if (doors.len > 0)
        findings_add(
            &doctor->findings, config->mode == MODE_PRODUCTION ? FINDING_DOUBT : FINDING_GOOD,
            "doors",
            config->mode == MODE_PRODUCTION
                ? "close them by the settings in brackets, unless a proxy or a firewall does"
                : NULL,
            "open: %.*s", SLICE_ARG(buf_slice(&doors)));
    buf_free(&doors);
    look_at_secrets(doctor);
    if (config->livekit_key_count == 0)
        findings_add(
            &doctor->findings, FINDING_FAULT, "livekit",
            "set LIVEKIT_API_KEY and LIVEKIT_API_SECRET, as LiveKit has them",
            "there is no key of LiveKit: webhooks are not verified and nothing is started");
}

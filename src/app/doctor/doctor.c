#include "app/doctor/doctor.h"

#include "app/config/config.h"
#include "app/doctor/doctor_private.h"
#include "base/macros.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool doctor_metric(const struct doctor *doctor, const char *name, double *number) {
    struct slice rest = buf_slice(&doctor->metrics), line, word;
    while (slice_cut(&rest, '\n', &line))
        if (slice_cut(&line, ' ', &word) && slice_is_equal(word, slice_from(name))) {
            char digits[32];
            snprintf(digits, sizeof digits, "%.*s", SLICE_ARG(line));
            *number = strtod(digits, NULL);
            return true;
        }
    return false;
}

/* Later looks use what earlier ones found: whether a server runs, and its metrics. */
static void examine(struct doctor *doctor) {
    static void (*const looks[])(struct doctor *) = {
        look_at_settings,        look_at_server,    look_at_machine,      look_at_storage,
        look_at_certificates,    look_at_database,  look_at_livekit,      look_at_egress_address,
        look_at_prosody_service, look_at_receivers, look_at_object_store, look_at_redis,
    };
    for (size_t i = 0; i < ARRAY_LEN(looks); i++)
        looks[i](doctor);
}

int doctor_main(int argc, char **argv) {
    bool as_json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !as_json)
        return 2;
    struct config *config = NULL;
    struct doctor doctor = {0};
    struct buf problem = {0}, out = {0};
    if (config_load(&config, &problem)) {
        findings_add(
            &doctor.findings, FINDING_FAULT, "settings",
            "mend it in the environment or the env file; `prosa --help` lists the settings", "%.*s",
            SLICE_ARG(buf_slice(&problem)));
    } else {
        doctor.config = config;
        examine(&doctor);
    }
    if (as_json)
        findings_write_json(&doctor.findings, &out);
    else
        findings_write_text(&doctor.findings, &out);
    fwrite(out.data, 1, out.len, stdout);
    int code = doctor.findings.counts[FINDING_FAULT] > 0;
    buf_free(&out);
    buf_free(&problem);
    buf_free(&doctor.metrics);
    findings_free(&doctor.findings);
    config_free(config);
    return code;
}

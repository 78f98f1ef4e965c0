/* The folders of recordings: whether they can be written, and for how many hours there is room. */
#include "app/doctor/doctor_private.h"
#include "outside/files/folder_probe.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { WAV_BYTES_A_S = 96000, USUAL_TRACKS = 10, HOUR_S = 3600, LITTLE_HOURS = 24 };

/* The folder, or the nearest one above it that exists: the server makes what is missing. */
static void find_existing(const char *path, char out[PATH_MAX]) {
    snprintf(out, PATH_MAX, "%s", path);
    while (access(out, F_OK) && errno == ENOENT) {
        char *slash = strrchr(out, '/');
        if (!slash || slash == out) {
            snprintf(out, PATH_MAX, slash ? "/" : ".");
            return;
        }
        *slash = 0;
    }
}

static bool look_at_folder(struct doctor *doctor, const char *setting, const char *path) {
    struct buf why = {0};
    char remedy[PATH_MAX];
    bool is_good = folder_probe(path, &why) == 0;
    snprintf(remedy, sizeof remedy, "give the folder to that user, or set %s to another", setting);
    if (is_good)
        findings_add(&doctor->findings, FINDING_GOOD, "storage", NULL, "%s (%s) can be written",
                     path, setting);
    else
        findings_add(&doctor->findings, FINDING_FAULT, "storage", remedy, "%s cannot be used: %.*s",
                     setting, SLICE_ARG(buf_slice(&why)));
    buf_free(&why);
    return is_good;
}

/* Unset, it is what the way of the sound makes best: packets stay Opus. */
static const char *format_of(const struct config *config) {
    if (config->record_format)
        return config->record_format;
    return config->media_source == MEDIA_JOIN ? "opus" : "wav";
}

/* One microphone's bytes a second, as they are stored; FLAC makes about half of speech. */
static double bytes_a_second(const struct config *config) {
    const char *format = format_of(config);
    if (strcmp(format, "opus") == 0)
        return config->opus_bitrate_bps / 8.0;
    return strcmp(format, "flac") == 0 ? WAV_BYTES_A_S / 2.0 : WAV_BYTES_A_S;
}

/* At the rate of the tracks that are open now, else of ten. */
static void look_at_space(struct doctor *doctor) {
    const struct config *config = doctor->config;
    char found[PATH_MAX];
    struct statvfs space;
    double tracks = 0;
    if (strcmp(format_of(config), "off") == 0)
        return;
    find_existing(config->audio_dir, found);
    if (statvfs(found, &space))
        return;
    bool is_measured =
        doctor_metric(doctor, "prosa_tracks{kind=\"audio\"}", &tracks) && tracks >= 1;
    if (!is_measured)
        tracks = USUAL_TRACKS;
    double bytes =
        (double)space.f_bavail * (double)space.f_frsize - (double)config->disk_min_free_bytes;
    double hours = bytes > 0 ? bytes / (tracks * bytes_a_second(config) * HOUR_S) : 0;
    findings_add(&doctor->findings,
                 bytes <= 0             ? FINDING_FAULT
                 : hours < LITTLE_HOURS ? FINDING_DOUBT
                                        : FINDING_GOOD,
                 "disk",
                 hours < LITTLE_HOURS
                     ? "free space, set RECORDING_TTL_DAYS, or record FLAC or Opus "
                       "(AUDIO_RECORD_FORMAT)"
                     : NULL,
                 "room for %.0f hours of %.0f microphones as %s%s", hours, tracks,
                 format_of(config), is_measured ? ", as many as are open now" : "");
}

void look_at_storage(struct doctor *doctor) {
    const struct config *config = doctor->config;
    bool is_good = look_at_folder(doctor, "STORAGE_DIR", config->storage_dir);
    if (is_good)
        is_good = look_at_folder(doctor, "EGRESS_AUDIO_OUTPUT_DIR", config->audio_dir) &&
                  look_at_folder(doctor, "EGRESS_VIDEO_OUTPUT_DIR", config->video_dir);
    if (is_good)
        look_at_space(doctor);
}

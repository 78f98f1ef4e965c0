#include "app/doctor/findings.h"

#include "wire/web/json_write.h"

#include <stdarg.h>
#include <stdio.h>

enum { FINDING_BYTES = 1024 };

static const char *const levels[FINDING_LEVELS] = {"good", "doubt", "fault"};

void findings_free(struct findings *findings) {
    buf_free(&findings->text);
    buf_free(&findings->json);
}

void findings_add(struct findings *findings, enum finding_level level, const char *about,
                  const char *remedy, const char *format, ...) {
    char sentence[FINDING_BYTES];
    va_list values;
    va_start(values, format);
    vsnprintf(sentence, sizeof sentence, format, values);
    va_end(values);

    findings->counts[level]++;
    buf_printf(&findings->text, "%-6s %-10s %s\n", levels[level], about, sentence);
    if (remedy)
        buf_printf(&findings->text, "%18s-> %s\n", "", remedy);
    json_open(&findings->json, NULL);
    json_add_text(&findings->json, "about", slice_from(about));
    json_add_text(&findings->json, "level", slice_from(levels[level]));
    json_add_text(&findings->json, "finding", slice_from(sentence));
    json_add_text_or_null(&findings->json, "remedy", slice_from(remedy));
    json_close(&findings->json);
}

void findings_write_text(const struct findings *findings, struct buf *out) {
    const size_t *counts = findings->counts;
    buf_add_slice(out, buf_slice(&findings->text));
    buf_printf(out, "\n%zu good, %zu doubtful, %zu at fault\n", counts[FINDING_GOOD],
               counts[FINDING_DOUBT], counts[FINDING_FAULT]);
}

void findings_write_json(const struct findings *findings, struct buf *out) {
    buf_add_text(out, "{\"findings\":[");
    buf_add_slice(out, buf_slice(&findings->json));
    buf_add_byte(out, ']');
    json_add_uint(out, "good", findings->counts[FINDING_GOOD]);
    json_add_uint(out, "doubts", findings->counts[FINDING_DOUBT]);
    json_add_uint(out, "faults", findings->counts[FINDING_FAULT]);
    json_close(out);
    buf_add_byte(out, '\n');
}

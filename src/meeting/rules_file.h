/* RULES_FILE: settings of the rules for all meetings, for kinds of meeting and for organizations.
 *
 * JSON with comments, // to the end of the line and between the other marks of C:
 *
 *     {
 *       "rules": {"volume_baixo": {"below_dbfs": -30}},
 *       "kinds": {"aula": {"monologo_prolongado": {"enabled": false}}},
 *       "organizations": {
 *         "escola": {"rules": {...}, "kinds": {"aula": {...}}}
 *       }
 *     }
 *
 * A setting is called as in RULE_<RULE>_<FIELD> and has the same bounds. What is more special wins:
 * an organization's kind, the organization, the kind, all; what the file does not name stays as it
 * is. docs/rules.schema.json describes the same for editors.
 *
 * Pure. A file is constant after it was parsed, and may be read by any thread. */
#ifndef MEETING_RULES_FILE_H
#define MEETING_RULES_FILE_H

#include "base/buf.h"
#include "base/slice.h"
#include "meeting/rules.h"

struct rules_file;

enum {
    RULES_FILE_MAX_BYTES = 1 << 20,
    RULES_NAME_MAX = 128, /* bytes of an organization's slug, or of a kind */
};

/* EINVAL with one sentence in `problem`, which begins with the line: "line 7: ...". */
int rules_file_parse(struct rules_file **out, struct slice text, struct buf *problem);
void rules_file_free(struct rules_file *file);

/* Changes what the file says for meetings of that organization and kind; both may be empty. */
void rules_file_apply(const struct rules_file *file, struct slice organization, struct slice kind,
                      struct rules *rules);

#endif

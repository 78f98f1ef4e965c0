/* A stored report (docs/report.md) without one of its people: what is about them alone goes, and the
 * figures of the others stay as they were. Pure. */
#ifndef MEETING_REPORT_ERASE_H
#define MEETING_REPORT_ERASE_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

/* Appends the changed report. False: it is no report, or they are not in it, and nothing is
 * appended. */
bool report_erase(struct buf *out, struct slice json, struct slice identity);

#endif

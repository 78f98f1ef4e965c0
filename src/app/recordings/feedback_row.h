/* A stored feedback event as JSON, in the shape of a live one. */
#ifndef APP_FEEDBACK_ROW_H
#define APP_FEEDBACK_ROW_H

struct buf;
struct store_feedback;

/* Appends an object, behind a comma where one is due. Its sentences are in the language in which
 * they were stored. */
void feedback_row_write(struct buf *out, const struct store_feedback *row);

#endif

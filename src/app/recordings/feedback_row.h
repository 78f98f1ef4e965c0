/* A stored event as JSON, in the shape of a live one. */
#ifndef APP_FEEDBACK_ROW_H
#define APP_FEEDBACK_ROW_H

struct buf;
struct store_feedback;

/* Its sentences are in the language it was stored in. */
void feedback_row_write(struct buf *out, const struct store_feedback *row);

#endif

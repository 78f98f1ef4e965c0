/* What became of a flush, as the pipeline log writes it. */
#ifndef OUTSIDE_HUME_FATE_H
#define OUTSIDE_HUME_FATE_H

enum hume_fate {
    HUME_SENT,    /* handed to the connection */
    HUME_SILENT,  /* no speech in it: not sent (HUME_SKIP_SILENCE) */
    HUME_DROPPED, /* the queue was full, or the track ended first */
    HUME_NO_KEY,
    HUME_ERROR, /* no connection to the service */
    HUME_FATES,
};

const char *hume_fate_name(enum hume_fate fate); /* "sent", "silent", "dropped", ... */

#endif

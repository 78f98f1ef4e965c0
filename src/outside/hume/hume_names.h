/* Names in metrics and in the pipeline log: what became of a flush, and errors. */
#ifndef OUTSIDE_HUME_NAMES_H
#define OUTSIDE_HUME_NAMES_H

enum hume_fate {
    HUME_SENT,    /* handed to the connection */
    HUME_SILENT,  /* no speech in it: not sent (HUME_SKIP_SILENCE) */
    HUME_DROPPED, /* the queue was full, or the track ended first */
    HUME_NO_KEY,
    HUME_ERROR, /* no connection to the service */
    HUME_FATES,
};

const char *hume_fate_name(enum hume_fate fate); /* "sent", "silent", "dropped", ... */

/* Codes of errors: as the service sends them ("E0200", "rate_limited"), "http_401" for a refused
 * handshake, "proxy" for one that the proxy refused, "other" for unknown ones. */
enum { HUME_CODES = 25, HUME_CODE_SIZE = 24 };

const char *hume_code_name(unsigned index);
unsigned hume_code_index(const char *code);

#endif

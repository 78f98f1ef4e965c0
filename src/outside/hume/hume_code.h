/* Codes of errors: as the service sends them ("E0200", "rate_limited"), "http_401" for a refused
 * handshake, "proxy" for one that the proxy refused, "other" for unknown ones. */
#ifndef OUTSIDE_HUME_CODE_H
#define OUTSIDE_HUME_CODE_H

enum { HUME_CODES = 25, HUME_CODE_SIZE = 24 };

const char *hume_code_name(unsigned index);
unsigned hume_code_index(const char *code);

#endif

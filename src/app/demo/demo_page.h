/* The page of the demo's server: its addresses, a browser that opens it, and the wait of somebody
 * who looks at the report. */
#ifndef APP_DEMO_PAGE_H
#define APP_DEMO_PAGE_H

#include <stdbool.h>
#include <stdint.h>

enum { DEMO_URL_SIZE = 96 };

/* "http://127.0.0.1:PORT/app/#/VIEW/ID". */
void demo_page_url(char out[DEMO_URL_SIZE], uint16_t port, const char *view, const char *id);

/* Asks the desktop to show it (xdg-open). Where there is none, the address that was printed has to
 * do: nothing is said, and nothing is waited for. */
void demo_page_open(const char *url);

/* Whether somebody sits there who could look at a page, and press a key when done. */
bool demo_page_has_visitor(void);

/* Until a line or the end of the standard input. */
void demo_page_wait(void);

#endif

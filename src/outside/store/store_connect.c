#include "outside/store/store_connect.h"

#include "base/clock.h"
#include "base/log.h"
#include "outside/db/db_connect.h"
#include "outside/db/db_url.h"

#include <errno.h>

enum { SERVER_MS = 3000, FILE_MS = 500, FILE_PATIENCE_MS = 10 * 1000 };

int store_connect(struct db **out, const struct db_url *url, char *why, size_t why_bytes) {
    const int64_t start_ms = clock_mono_ms();
    const int64_t first_ms = url->engine == DB_SQLITE ? FILE_MS : SERVER_MS;
    int err = db_connect(out, url, start_ms + first_ms, why, why_bytes);
    if (err != EBUSY)
        return err;
    log_warn("store", "waiting for the database", log_text("why", why));
    while (err == EBUSY && clock_mono_ms() - start_ms < FILE_PATIENCE_MS)
        err = db_connect(out, url, clock_mono_ms() + FILE_MS, why, why_bytes);
    return err;
}

/* Everything an operator writes, and the Range of a download: what is read is within its bounds,
 * what was normalised stays as it is, and what is refused is refused with a sentence. The first byte
 * chooses the reader. */
#include "app/config/config.h"
#include "app/config/dotenv.h"
#include "app/config/origins.h"
#include "app/config/proxy.h"
#include "base/buf.h"
#include "base/mem.h"
#include "net/client_address.h"
#include "outside/db/db_url.h"
#include "wire/web/range.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- .env ---- */

static const char *find_nothing(struct slice name, bool *is_final, void *arg) {
    assert(name.len > 0);
    return *(bool *)arg ? "${A}${A}" : NULL;
}

static void check_value(struct slice name, struct slice value, void *arg) {
    assert(name.len > 0);
    for (int is_set = 0; is_set < 2; is_set++) {
        struct buf out = {0};
        bool set = is_set;
        struct slice missing = dotenv_expand(&out, value, find_nothing, &set);
        assert(!set || missing.len == 0);
        if (!memmem(value.ptr ? value.ptr : "", value.len, "${", 2) && value.len < 65536)
            assert(slice_is_equal(buf_slice(&out), value));
        buf_free(&out);
    }
}

static void check_file(const char *text) {
    dotenv_parse(slice_from(text), check_value, NULL);
    struct config *config;
    struct buf problem = {0};
    const char *const files[CONFIG_FILES] = {text};
    if (config_parse(&config, files, NULL, &problem)) {
        assert(problem.len > 0);
    } else {
        assert(problem.len == 0 && config->port <= 65535 && config->shards <= 256);
        assert(!config->cors_origins || *config->cors_origins);
        struct buf doors = {0};
        config_open_doors(config, &doors);
        buf_free(&doors);
        config_free(config);
    }
    buf_free(&problem);
}

/* ---- One value each ---- */

static void check_database(const char *text) {
    struct db_url url;
    char why[256] = "";
    if (db_url_parse(&url, text, why, sizeof why)) {
        assert(*why);
        return;
    }
    assert(url.engine == DB_SQLITE ? url.path && *url.path : url.schema && *url.schema);
    size_t count = 0;
    while (count < DB_URL_KEYS && url.keys[count])
        assert(url.values[count++]);
    assert(count < DB_URL_KEYS);
    db_url_free(&url);
}

/* The text is a list of networks, a line feed, and lines of X-Forwarded-For. */
static void check_proxies(const char *text) {
    struct networks networks;
    struct slice rest = slice_from(text), list, bad, lines[8];
    size_t count = 0;
    if (!slice_cut(&rest, '\n', &list))
        return;
    char *copy = slice_copy_text(list);
    if (networks_parse(&networks, copy, &bad)) {
        assert(bad.len > 0);
    } else {
        while (count < 8 && slice_cut(&rest, '\n', &lines[count]))
            count++;
        for (size_t i = 0; i < networks.count; i++)
            assert(networks.items[i].bits <= 128);
        struct slice client = client_address(&networks, "127.0.0.1", lines, count);
        char key[CLIENT_ADDRESS_SIZE];
        client_address_key(client, key);
        assert(client.len > 0 && key[0] != '?');
        networks_free(&networks);
    }
    mem_free(copy);
}

static void check_range(const char *text) {
    for (uint64_t size = 0; size < 3000; size = size * 7 + 1) {
        uint64_t first = UINT64_MAX, last = UINT64_MAX;
        if (range_parse(slice_from(text), size, &first, &last) == RANGE_PART)
            assert(first <= last && last < size);
    }
}

static void check_origins(const char *text) {
    struct buf once = {0}, twice = {0};
    struct slice bad;
    if (origins_normalise(&once, slice_from(text), &bad)) {
        assert(bad.len <= strlen(text));
    } else if (once.len > 0) {
        int err = origins_normalise(&twice, buf_slice(&once), &bad);
        assert(!err && slice_is_equal(buf_slice(&once), buf_slice(&twice)));
        (void)err;
    }
    buf_free(&once);
    buf_free(&twice);
}

static void check_proxy(const char *text) {
    char *once = proxy_normalise(text);
    if (once) {
        char *twice = proxy_normalise(once);
        assert(twice && strcmp(once, twice) == 0);
        mem_free(twice);
    }
    mem_free(once);
    assert(proxy_is_skipped(SLICE("*"), slice_from(text), 443));
    proxy_is_skipped(slice_from(text), SLICE("api.hume.ai"), 443);
    proxy_is_skipped(slice_from(text), SLICE("::1"), 443);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const checks[])(const char *) = {check_file,  check_database, check_proxies,
                                                   check_range, check_origins,  check_proxy};
    if (size < 1 || memchr(data + 1, 0, size - 1))
        return 0;
    char *text = slice_copy_text(slice_of(data + 1, size - 1));
    checks[data[0] % (sizeof checks / sizeof *checks)](text);
    mem_free(text);
    return 0;
}

#include "app/commands/commands.h"

#include "app/config/config.h"
#include "app/egress/egress_url.h"
#include "app/tracks/track_params.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/rand.h"
#include "wire/web/url.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The words of the command line as a query. False when one is not NAME=VALUE. */
static bool write_query(struct buf *query, char **words, int count) {
    for (int i = 0; i < count; i++) {
        struct slice name, value;
        if (!slice_split(slice_from(words[i]), '=', &name, &value) || !name.len)
            return false;
        if (query->len)
            buf_add_byte(query, '&');
        url_encode(query, name);
        buf_add_byte(query, '=');
        url_encode(query, value);
    }
    return query->len > 0;
}

static int print_url(const struct config *config, struct buf *query, enum track_kind kind) {
    struct slice path = kind == TRACK_VIDEO ? SLICE("/egress-video") : SLICE("/egress-audio");
    struct track_params params;
    const char *problem;
    char nonce[EGRESS_NONCE_CHARS + 1];

    if (track_params_parse(&params, kind, buf_slice(query), &problem)) {
        fprintf(stderr, "prosa: %s\n", problem);
        return 2;
    }
    size_t unsigned_len = query->len;
    rand_token(nonce, EGRESS_NONCE_CHARS);
    egress_url_sign(query, path, slice_from(config->egress_url_secret), slice_from(nonce),
                    clock_wall_ms() / 1000 + EGRESS_URL_LIFE_S);
    if (query->len == unsigned_len) {
        fprintf(stderr, "prosa: a parameter comes twice, or there are too many\n");
        return 2;
    }
    printf("%s%.*s?%.*s\n", config->egress_ws_base, SLICE_ARG(path), SLICE_ARG(buf_slice(query)));
    return 0;
}

int egress_url_main(int argc, char **argv) {
    struct config *config = NULL;
    struct buf problem = {0}, query = {0};
    bool is_video = argc > 1 && strcmp(argv[1], "--video") == 0;
    int first = is_video ? 2 : 1;
    int code = 2;

    if (!write_query(&query, argv + first, argc - first))
        goto out;
    umask(027);
    code = 1;
    if (config_load(&config, &problem) || config_secrets(config, &problem))
        fprintf(stderr, "prosa: %.*s\n", SLICE_ARG(buf_slice(&problem)));
    else
        code = print_url(config, &query, is_video ? TRACK_VIDEO : TRACK_AUDIO);
out:
    config_free(config);
    buf_free(&problem);
    buf_free(&query);
    return code;
}

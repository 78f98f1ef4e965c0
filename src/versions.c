#include "versions.h"

#include "base/macros.h"
#include "build_info.h"

#include <FLAC/format.h>
#include <curl/curl.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <uv.h>

int versions_print(FILE *out) {
    const int postgres = PQlibVersion();
    const char *const names[][2] = {
        {"libuv", uv_version_string()},
        {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
        {"sqlite", sqlite3_libversion()},
        {"curl", curl_version_info(CURLVERSION_NOW)->version},
        {"jansson", jansson_version_str()},
        {"flac", FLAC__VERSION_STRING},
    };
    fprintf(out, "prosa %s (%s)\n", PROSA_VERSION, PROSA_COMMIT);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        fprintf(out, "%s %s\n", names[i][0], names[i][1]);
    fprintf(out, "libpq %d.%d\n", postgres / 10000, postgres % 10000);
    return 0;
}

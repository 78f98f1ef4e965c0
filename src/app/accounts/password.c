#include "app/accounts/password.h"

#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"

#include <argon2.h>
#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

enum {
    SALT_BYTES = 16,
    TAG_BYTES = 32,
    /* Limits on what checking a stored hash may cost. */
    MEMORY_MAX_KIB = 1024 * 1024,
    PASSES_MAX = 64,
    LANES_MAX = 16,
    BCRYPT_BYTES = 60,
    BCRYPT_COST = 10,
    BCRYPT_COST_MAX = 15,
    BCRYPT_PASSWORD_BYTES = 72,
};

int password_hash(char out[PASSWORD_HASH_BYTES], struct slice password,
                  const struct password_cost *cost) {
    unsigned char salt[SALT_BYTES];
    rand_bytes(salt, sizeof salt);
    int code =
        argon2id_hash_encoded(cost->passes, cost->memory_kib, 1, password.ptr ? password.ptr : "",
                              password.len, salt, sizeof salt, TAG_BYTES, out, PASSWORD_HASH_BYTES);
    return code == ARGON2_OK ? 0 : EIO;
}

struct argon2_cost {
    unsigned memory_kib, passes, lanes;
};

static bool read_argon2_cost(const char *hash, struct argon2_cost *cost) {
    return sscanf(hash, "$argon2id$v=19$m=%9u,t=%9u,p=%9u$", &cost->memory_kib, &cost->passes,
                  &cost->lanes) == 3;
}

static bool argon2_fits(const char *hash, struct slice password) {
    struct argon2_cost cost;
    if (!read_argon2_cost(hash, &cost) || cost.memory_kib > MEMORY_MAX_KIB ||
        cost.passes > PASSES_MAX || cost.lanes > LANES_MAX)
        return false;
    return argon2id_verify(hash, password.ptr ? password.ptr : "", password.len) == ARGON2_OK;
}

bool password_is_bcrypt(const char *hash) {
    return strlen(hash) == BCRYPT_BYTES && hash[0] == '$' && hash[1] == '2' &&
           strchr("aby", hash[2]) && hash[3] == '$' && hash[6] == '$';
}

static unsigned bcrypt_cost(const char *hash) {
    return (unsigned)(hash[4] - '0') * 10 + (unsigned)(hash[5] - '0');
}

static bool has_zero_byte(struct slice password) {
    return password.len > 0 && memchr(password.ptr, 0, password.len);
}

static int bcrypt_hash(char out[PASSWORD_HASH_BYTES], struct slice password, unsigned cost) {
    char salt[SALT_BYTES], setting[CRYPT_GENSALT_OUTPUT_SIZE];
    rand_bytes(salt, sizeof salt);
    if (!crypt_gensalt_rn("$2b$", cost, salt, sizeof salt, setting, sizeof setting))
        return EIO;
    char *text = slice_copy_text(password);
    struct crypt_data *data = mem_alloc(sizeof *data);
    const char *made = crypt_rn(text, setting, data, sizeof *data);
    const bool is_made = made && strlen(made) == BCRYPT_BYTES;
    if (is_made)
        snprintf(out, PASSWORD_HASH_BYTES, "%s", made);
    OPENSSL_cleanse(text, password.len);
    OPENSSL_cleanse(data, sizeof *data);
    mem_free(text);
    mem_free(data);
    return is_made ? 0 : EIO;
}

/* bcrypt stops at a zero byte, so a password with one is refused instead of being cut there. */
static bool bcrypt_fits(const char *hash, struct slice password) {
    if (bcrypt_cost(hash) > BCRYPT_COST_MAX || has_zero_byte(password))
        return false;
    char *text = slice_copy_text(password);
    struct crypt_data *data = mem_alloc(sizeof *data);
    /* Not crypt_r: the address sanitizer replaces it by one that knows less. */
    const char *made = crypt_rn(text, hash, data, sizeof *data);
    bool fits =
        made && strlen(made) == BCRYPT_BYTES && CRYPTO_memcmp(made, hash, BCRYPT_BYTES) == 0;
    OPENSSL_cleanse(text, password.len);
    OPENSSL_cleanse(data, sizeof *data);
    mem_free(text);
    mem_free(data);
    return fits;
}

bool password_fits(const char *hash, struct slice password) {
    return password_is_bcrypt(hash) ? bcrypt_fits(hash, password) : argon2_fits(hash, password);
}

static bool wants_bcrypt(const char *old_hash, const struct password_cost *cost) {
    return cost->policy == PASSWORDS_BCRYPT ||
           (cost->policy == PASSWORDS_KEEP && old_hash && password_is_bcrypt(old_hash));
}

int password_hash_anew(char out[PASSWORD_HASH_BYTES], struct slice password, const char *old_hash,
                       const struct password_cost *cost) {
    if (!wants_bcrypt(old_hash, cost) || password.len > BCRYPT_PASSWORD_BYTES ||
        has_zero_byte(password))
        return password_hash(out, password, cost);
    const bool is_known = old_hash && password_is_bcrypt(old_hash);
    return bcrypt_hash(out, password, is_known ? bcrypt_cost(old_hash) : BCRYPT_COST);
}

void password_dummy_bcrypt(char out[PASSWORD_HASH_BYTES], const char *hash) {
    /* No hash that crypt makes ends in a dot and a slash. */
    snprintf(out, PASSWORD_HASH_BYTES, "%.7s%s", hash,
             "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyO./");
}

bool password_is_outdated(const char *hash, const struct password_cost *cost) {
    struct argon2_cost old;
    if (wants_bcrypt(hash, cost))
        return !password_is_bcrypt(hash);
    return !read_argon2_cost(hash, &old) || old.memory_kib < cost->memory_kib ||
           old.passes < cost->passes;
}

bool password_is_common(struct slice password) {
    /* Only those of eight characters and more; shorter ones are refused anyway. */
    static const char *const common[] = {
        "password",    "password1", "password12", "password123", "passw0rd",   "p@ssw0rd",
        "p@ssword",    "12345678",  "123456789",  "1234567890",  "0123456789", "0987654321",
        "87654321",    "11111111",  "00000000",   "88888888",    "12341234",   "11223344",
        "123123123",   "1q2w3e4r",  "1qaz2wsx",   "qwertyui",    "qwertyuiop", "qwerty123",
        "qwerty12",    "asdfghjk",  "asdfghjkl",  "zxcvbnm1",    "iloveyou",   "sunshine",
        "princess",    "football",  "baseball",   "superman",    "starwars",   "whatever",
        "trustno1",    "letmein1",  "welcome1",   "welcome123",  "admin123",   "administrator",
        "changeme",    "changeme1", "computer",   "internet",    "abcd1234",   "abc12345",
        "a1b2c3d4",    "senha123",  "minhasenha", "mudar123",    "brasil123",  "flamengo",
        "corinthians", "palmeiras", "test1234",   "testtest",    "secret123",  "master123",
        "qazwsxedc",   "aaaaaaaa",  "99999999",
    };
    for (size_t i = 0; i < ARRAY_LEN(common); i++) {
        if (slice_is_equal_nocase(password, slice_from(common[i])))
            return true;
    }
    return false;
}

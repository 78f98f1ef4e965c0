#include "wire/rtc/stun.h"

#include "base/big.h"
#include "base/crc.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum {
    MAGIC_AT = 4,
    ID_AT = 8,
    ATTRIBUTE_HEAD_BYTES = 4,
    INTEGRITY_BYTES = 20,
    INTEGRITY_WHOLE_BYTES = ATTRIBUTE_HEAD_BYTES + INTEGRITY_BYTES,
    FINGERPRINT_WHOLE_BYTES = ATTRIBUTE_HEAD_BYTES + 4,
    MUST_BE_KNOWN_BELOW = 0x8000,
};

static const uint32_t MAGIC = 0x2112A442;
static const uint32_t FINGERPRINT_XOR = 0x5354554e;

/* The binding method with each class (RFC 8489, 5). */
static const uint16_t types[] = {[STUN_REQUEST] = 0x0001,
                                 [STUN_INDICATION] = 0x0011,
                                 [STUN_SUCCESS] = 0x0101,
                                 [STUN_ERROR] = 0x0111};

enum attribute {
    USERNAME = 0x0006,
    MESSAGE_INTEGRITY = 0x0008,
    ERROR_CODE = 0x0009,
    UNKNOWN_ATTRIBUTES = 0x000a,
    XOR_MAPPED_ADDRESS = 0x0020,
    PRIORITY = 0x0024,
    USE_CANDIDATE = 0x0025,
    FINGERPRINT = 0x8028,
    ICE_CONTROLLED = 0x8029,
    ICE_CONTROLLING = 0x802a,
};

uint32_t stun_fingerprint(const uint8_t *bytes, size_t len) {
    return ~crc_add(UINT32_MAX, CRC_ISO3309, bytes, len) ^ FINGERPRINT_XOR;
}

/* The MAC over the message up to MESSAGE-INTEGRITY, with a length that ends behind it. */
static void integrity_of(uint8_t mac[INTEGRITY_BYTES], const uint8_t *bytes, size_t integrity_at,
                         struct slice password) {
    uint8_t copy[STUN_MAX_BYTES];
    assert(integrity_at + INTEGRITY_WHOLE_BYTES <= sizeof copy);
    memcpy(copy, bytes, integrity_at);
    big_put_u16(copy + 2, (uint16_t)(integrity_at + INTEGRITY_WHOLE_BYTES - STUN_HEAD_BYTES));
    unsigned len = INTEGRITY_BYTES;
    const unsigned char *made =
        HMAC(EVP_sha1(), password.ptr, (int)password.len, copy, integrity_at, mac, &len);
    assert(made && len == INTEGRITY_BYTES);
    (void)made;
}

/* ---- Reading ---- */

static bool read_address(const uint8_t *bytes, struct slice value, struct stun_address *address) {
    const uint8_t *p = (const uint8_t *)value.ptr;
    if (value.len < 8 || (p[1] != 1 && p[1] != 2) || value.len != (p[1] == 1 ? 8u : 20u))
        return false;
    *address = (struct stun_address){.family = p[1] == 1 ? 4 : 6,
                                     .port = big_u16(p + 2) ^ (uint16_t)(MAGIC >> 16)};
    for (size_t i = 0; i < value.len - 4; i++)
        address->ip[i] = p[4 + i] ^ bytes[MAGIC_AT + i];
    return true;
}

static bool read_error(struct slice value, uint16_t *code) {
    const uint8_t *p = (const uint8_t *)value.ptr;
    if (value.len < 4 || (p[2] & 7) < 3 || (p[2] & 7) > 6 || p[3] > 99)
        return false;
    *code = (uint16_t)((p[2] & 7) * 100 + p[3]);
    return true;
}

/* Takes the value of an attribute over. False: its length or content cannot be. */
static bool take_attribute(const uint8_t *bytes, uint16_t type, struct slice value,
                           struct stun_message *m) {
    const uint8_t *p = (const uint8_t *)value.ptr;
    switch (type) {
    case USERNAME:
        m->username = value;
        return value.len <= STUN_USERNAME_MAX;
    case ERROR_CODE:
        return read_error(value, &m->error_code);
    case UNKNOWN_ATTRIBUTES:
        m->unknown_type = value.len >= 2 ? big_u16(p) : 0;
        return value.len >= 2;
    case XOR_MAPPED_ADDRESS:
        return read_address(bytes, value, &m->mapped);
    case PRIORITY:
        m->has_priority = value.len == 4;
        m->priority = m->has_priority ? big_u32(p) : 0;
        return m->has_priority;
    case USE_CANDIDATE:
        m->use_candidate = true;
        return value.len == 0;
    case ICE_CONTROLLED:
    case ICE_CONTROLLING:
        m->role = type == ICE_CONTROLLING ? STUN_CONTROLLING : STUN_CONTROLLED;
        m->tie_breaker = value.len == 8 ? big_u64(p) : 0;
        return value.len == 8;
    default:
        if (type < MUST_BE_KNOWN_BELOW && m->unknown_type == 0)
            m->unknown_type = type;
        return true;
    }
}

static bool class_of(uint16_t type, enum stun_class *class) {
    for (unsigned i = STUN_REQUEST; i <= STUN_ERROR; i++) {
        *class = (enum stun_class)i;
        if (types[i] == type)
            return true;
    }
    return false;
}

static bool read_attributes(const uint8_t *bytes, size_t end, struct stun_message *m) {
    for (size_t at = STUN_HEAD_BYTES; at < end;) {
        if (end - at < ATTRIBUTE_HEAD_BYTES)
            return false;
        uint16_t type = big_u16(bytes + at);
        size_t len = big_u16(bytes + at + 2), padded = (len + 3) & ~(size_t)3;
        if (padded > end - at - ATTRIBUTE_HEAD_BYTES)
            return false;
        if (type == MESSAGE_INTEGRITY && m->integrity_at == 0) {
            if (len != INTEGRITY_BYTES)
                return false;
            m->integrity_at = at;
        } else if (m->integrity_at == 0) {
            struct slice value = slice_of(bytes + at + ATTRIBUTE_HEAD_BYTES, len);
            if (!take_attribute(bytes, type, value, m))
                return false;
        }
        at += ATTRIBUTE_HEAD_BYTES + padded;
    }
    return true;
}

bool stun_parse(const uint8_t *bytes, size_t len, struct stun_message *message) {
    if (len < STUN_HEAD_BYTES + FINGERPRINT_WHOLE_BYTES || len > STUN_MAX_BYTES || len % 4 != 0 ||
        big_u16(bytes + 2) != len - STUN_HEAD_BYTES || big_u32(bytes + MAGIC_AT) != MAGIC)
        return false;
    struct stun_message m = {.id = bytes + ID_AT};
    if (!class_of(big_u16(bytes), &m.class))
        return false;
    size_t end = len - FINGERPRINT_WHOLE_BYTES;
    if (big_u16(bytes + end) != FINGERPRINT || big_u16(bytes + end + 2) != 4 ||
        big_u32(bytes + end + 4) != stun_fingerprint(bytes, end))
        return false;
    if (!read_attributes(bytes, end, &m))
        return false;
    *message = m;
    return true;
}

bool stun_is_authentic(const uint8_t *bytes, const struct stun_message *message,
                       struct slice password) {
    if (message->integrity_at == 0)
        return false;
    uint8_t mac[INTEGRITY_BYTES];
    integrity_of(mac, bytes, message->integrity_at, password);
    return CRYPTO_memcmp(mac, bytes + message->integrity_at + ATTRIBUTE_HEAD_BYTES, sizeof mac) ==
           0;
}

/* ---- Writing ---- */

/* Begins an attribute of `len` bytes, padded with zeros; returns where its value goes. */
static uint8_t *begin_attribute(uint8_t **at, enum attribute type, size_t len) {
    uint8_t *value = big_put_u16(big_put_u16(*at, (uint16_t)type), (uint16_t)len);
    size_t padded = (len + 3) & ~(size_t)3;
    memset(value, 0, padded);
    *at = value + padded;
    return value;
}

static void write_address(uint8_t **at, const uint8_t *bytes, const struct stun_address *address) {
    size_t ip_bytes = address->family == 4 ? 4 : 16;
    uint8_t *p = begin_attribute(at, XOR_MAPPED_ADDRESS, 4 + ip_bytes);
    p[1] = address->family == 4 ? 1 : 2;
    big_put_u16(p + 2, address->port ^ (uint16_t)(MAGIC >> 16));
    for (size_t i = 0; i < ip_bytes; i++)
        p[4 + i] = address->ip[i] ^ bytes[MAGIC_AT + i];
}

static void write_error(uint8_t **at, const struct stun_message *m) {
    uint8_t *p = begin_attribute(at, ERROR_CODE, 4);
    p[2] = (uint8_t)(m->error_code / 100);
    p[3] = (uint8_t)(m->error_code % 100);
    if (m->error_code == STUN_UNKNOWN_ATTRIBUTE)
        big_put_u16(begin_attribute(at, UNKNOWN_ATTRIBUTES, 2), m->unknown_type);
}

static void write_attributes(uint8_t **at, const uint8_t *bytes, const struct stun_message *m) {
    assert(m->username.len <= STUN_USERNAME_MAX);
    if (m->username.len > 0)
        memcpy(begin_attribute(at, USERNAME, m->username.len), m->username.ptr, m->username.len);
    if (m->has_priority)
        big_put_u32(begin_attribute(at, PRIORITY, 4), m->priority);
    if (m->use_candidate)
        begin_attribute(at, USE_CANDIDATE, 0);
    if (m->role != STUN_NO_ROLE) {
        enum attribute role = m->role == STUN_CONTROLLING ? ICE_CONTROLLING : ICE_CONTROLLED;
        big_put_u64(begin_attribute(at, role, 8), m->tie_breaker);
    }
    if (m->mapped.family != 0)
        write_address(at, bytes, &m->mapped);
    if (m->error_code != 0)
        write_error(at, m);
}

size_t stun_write(uint8_t out[STUN_MAX_BYTES], const struct stun_message *message,
                  struct slice password) {
    big_put_u16(out, types[message->class]);
    big_put_u32(out + MAGIC_AT, MAGIC);
    memcpy(out + ID_AT, message->id, STUN_ID_BYTES);
    uint8_t *at = out + STUN_HEAD_BYTES;
    write_attributes(&at, out, message);
    if (password.len > 0) {
        size_t integrity_at = (size_t)(at - out);
        integrity_of(begin_attribute(&at, MESSAGE_INTEGRITY, INTEGRITY_BYTES), out, integrity_at,
                     password);
    }
    size_t end = (size_t)(at - out);
    big_put_u16(out + 2, (uint16_t)(end + FINGERPRINT_WHOLE_BYTES - STUN_HEAD_BYTES));
    uint32_t fingerprint = stun_fingerprint(out, end);
    big_put_u32(begin_attribute(&at, FINGERPRINT, 4), fingerprint);
    return end + FINGERPRINT_WHOLE_BYTES;
}

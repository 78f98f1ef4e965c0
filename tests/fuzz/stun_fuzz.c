/* STUN: what can be read is written again and read as the same. Length, magic cookie and fingerprint
 * are made right first, so that what is behind them is reached. */
#include "base/big.h"
#include "wire/rtc/stun.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct stun_message m, again;
    (void)stun_parse(data, size, &m);
    uint8_t bytes[STUN_MAX_BYTES];
    size = (size < sizeof bytes ? size : sizeof bytes) & ~(size_t)3;
    if (size < STUN_HEAD_BYTES + 8)
        return 0;
    memcpy(bytes, data, size);
    big_put_u32(big_put_u16(bytes + 2, (uint16_t)(size - STUN_HEAD_BYTES)), 0x2112a442);
    uint8_t *fingerprint = big_put_u32(bytes + size - 8, 0x80280004);
    big_put_u32(fingerprint, stun_fingerprint(bytes, size - 8));
    if (!stun_parse(bytes, size, &m))
        return 0;
    (void)stun_is_authentic(bytes, &m, SLICE("password"));
    assert(m.username.len <= STUN_USERNAME_MAX && m.integrity_at < size);
    uint8_t out[STUN_MAX_BYTES];
    size_t len = stun_write(out, &m, SLICE("password"));
    assert(stun_parse(out, len, &again) && stun_is_authentic(out, &again, SLICE("password")));
    assert(again.class == m.class && slice_is_equal(again.username, m.username));
    assert(again.has_priority == m.has_priority && again.priority == m.priority);
    assert(again.use_candidate == m.use_candidate && again.role == m.role);
    assert(again.tie_breaker == m.tie_breaker && again.error_code == m.error_code);
    assert(memcmp(&again.mapped, &m.mapped, sizeof m.mapped) == 0);
    return 0;
}

/* A WAV header, whole and byte by byte; and whatever the repair decides about it is right and
 * final. */
#include "wire/media/wav.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum wav_result parse_bytewise(const uint8_t *data, size_t size, struct wav_parser *parser) {
    enum wav_result result = WAV_MORE;
    for (size_t i = 0; i < size && result == WAV_MORE; i++)
        assert(wav_parse(parser, data + i, 1, &result) == 1);
    return result;
}

static void check_repair(const uint8_t *data, size_t size, const struct wav_info *before) {
    struct wav_repair plan, again;
    if (!wav_plan_repair(before, size, &plan))
        return;
    assert(plan.file_bytes <= size && plan.data_bytes <= plan.file_bytes - before->data_offset);
    assert(plan.data_bytes % before->format.frame_bytes == 0);
    assert(size - plan.file_bytes < before->format.frame_bytes); /* no whole frame is lost */
    uint8_t copy[4096];
    size_t head = (size_t)before->data_offset;
    memcpy(copy, data, head);
    for (size_t i = 0; i < plan.patch_count; i++) {
        assert(plan.patches[i].offset + plan.patches[i].len <= head);
        memcpy(copy + plan.patches[i].offset, plan.patches[i].bytes, plan.patches[i].len);
    }
    struct wav_parser parser = {0};
    enum wav_result result;
    wav_parse(&parser, copy, head, &result);
    assert(result == WAV_DONE);
    assert(parser.info.data_offset == before->data_offset);
    assert(parser.info.data_bytes == plan.data_bytes);
    assert(parser.info.riff_bytes == plan.file_bytes - 8);
    assert(!wav_plan_repair(&parser.info, plan.file_bytes, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 4096)
        return 0;
    struct wav_parser whole = {0}, bytewise = {0};
    enum wav_result result;
    size_t used = wav_parse(&whole, data, size, &result);
    assert(used <= size && whole.offset == used);
    assert(parse_bytewise(data, size, &bytewise) == result);
    assert(bytewise.offset == whole.offset);
    if (result != WAV_DONE)
        return 0;
    assert(memcmp(&whole.info, &bytewise.info, sizeof whole.info) == 0);
    assert(whole.info.data_offset == used && whole.info.format.frame_bytes > 0);
    check_repair(data, size, &whole.info);
    return 0;
}

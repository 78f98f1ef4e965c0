#include "app/commands/commands.h"

#include "app/commands/wav_reader.h"
#include "base/little.h"
#include "base/mem.h"
#include "sound/voice.h"

#include <string.h>

enum { BLOCK_FRAMES = 4096, STEPS_EACH = 2 /* of 10 ms in 20 ms */ };

static void print_speech(float speech, bool is_text) {
    uint32_t bits;
    uint8_t bytes[sizeof bits];
    memcpy(&bits, &speech, sizeof bits);
    little_put_u32(bytes, bits);
    for (int i = 0; i < STEPS_EACH; i++)
        if (is_text)
            printf("%.4f\n", (double)speech);
        else
            fwrite(bytes, 1, sizeof bytes, stdout);
}

/* A frame comes out 40 ms after it went in: feeds silence until all that are due have come out. */
static void print_rest(struct voice *voice, uint64_t frames_due, bool is_text) {
    static const int16_t zeros[BLOCK_FRAMES * VOICE_CHANNELS_MAX];

    while (frames_due > 0) {
        struct voice_frame frame;
        bool done;
        voice_hear(voice, zeros, BLOCK_FRAMES, &frame, &done);
        if (done) {
            print_speech(frame.speech, is_text);
            frames_due--;
        }
    }
}

static void print_all(struct wav_reader *wav, bool is_text) {
    struct voice *voice = mem_alloc(sizeof *voice);
    int16_t *pcm = mem_alloc_array((size_t)BLOCK_FRAMES * wav->format.channels, sizeof *pcm);
    uint64_t heard = 0, told = 0;

    voice_init(voice, wav->format.rate_hz, wav->format.channels);
    for (size_t n; (n = wav_reader_read(wav, pcm, BLOCK_FRAMES)) > 0;) {
        heard += n;
        for (size_t at = 0; at < n;) {
            struct voice_frame frame;
            bool done;
            at += voice_hear(voice, pcm + at * wav->format.channels, n - at, &frame, &done);
            if (done) {
                print_speech(frame.speech, is_text);
                told++;
            }
        }
    }
    uint64_t all = (heard * 1000 / wav->format.rate_hz + VOICE_FRAME_MS - 1) / VOICE_FRAME_MS;
    print_rest(voice, all > told ? all - told : 0, is_text);
    mem_free(pcm);
    mem_free(voice);
}

int vad_main(int argc, char **argv) {
    bool is_text = false;
    const char *path = NULL;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--format") == 0 && i + 1 < argc) {
            const char *format = argv[++i];
            if (strcmp(format, "f32") != 0 && strcmp(format, "text") != 0)
                return 2;
            is_text = strcmp(format, "text") == 0;
        } else if (argv[i][0] == '-' || path) {
            return 2;
        } else {
            path = argv[i];
        }
    }
    if (!path)
        return 2;

    struct wav_reader wav;
    int error = wav_reader_open(&wav, path);
    if (error) {
        fprintf(stderr, "prosa: %s: %s\n", path, wav_reader_why(error));
        return 1;
    }
    print_all(&wav, is_text);
    wav_reader_close(&wav);
    if (fflush(stdout) || ferror(stdout)) {
        fputs("prosa: cannot write the probabilities\n", stderr);
        return 1;
    }
    return 0;
}

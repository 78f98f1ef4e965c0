#!/usr/bin/python3
"""Writes src/sound/tables.c: window, twiddles, mel weights and fixed filters.

usage: tables.py > src/sound/tables.c
"""
import numpy as np
from scipy import signal

N, RATE, BANDS, LOW, HIGH = 512, 16000, 20, 80.0, 7200.0


def emit(name, ctype, values, size, width=8):
    fmt = (lambda v: f'{v:d}') if ctype != 'float' else (lambda v: np.format_float_scientific(np.float32(v), unique=True, trim='0') + 'f')
    cells = [fmt(v) for v in values]
    lines = [', '.join(cells[i:i + width]) for i in range(0, len(cells), width)]
    print(f'const {ctype} {name}[{size}] = {{\n    ' + ',\n    '.join(lines) + ',\n};\n')


def q15(taps):
    return np.rint(taps * 32768).astype(int)


def mel(f):
    return 2595 * np.log10(1 + f / 700)


def bands():
    """Triangles over the bins, each row padded to a multiple of eight."""
    edges = 700 * (10 ** (np.linspace(mel(LOW), mel(HIGH), BANDS + 2) / 2595) - 1)
    start, count, weights = [], [], []
    bins = np.arange(N // 2) * RATE / N
    for b in range(BANDS):
        lo, mid, hi = edges[b:b + 3]
        w = np.clip(np.minimum((bins - lo) / (mid - lo), (hi - bins) / (hi - mid)), 0, None)
        used = np.flatnonzero(w)
        n = (len(used) + 7) // 8 * 8
        first = min(used[0], N // 2 - n)
        start.append(first); count.append(n); weights.extend(w[first:first + n])
    return start, count, weights


def main():
    print('/* Made by tools/vad/tables.py; do not edit. */\n#include "sound/tables.h"\n\n// clang-format off')
    n = np.arange(N)
    # all bins under the window sum to the mean square: 2 / (N * sum of squares of the window);
    # of s16, and with the half of the even and odd transforms
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * (n + 0.5) / N)
    hann *= np.sqrt(2 / (N * np.sum(hann ** 2))) / 32768 / 2
    emit('table_hann', 'float', hann[::2], 'SPECTRUM_WINDOW / 2')
    k = np.outer(np.arange(16), np.arange(16)).ravel()
    w = np.exp(-2j * np.pi * k / 256)
    emit('table_twiddle_re', 'float', w.real, '256')
    emit('table_twiddle_im', 'float', w.imag, '256')
    emit('table_sine', 'float', np.sin(2 * np.pi * np.arange(129) / N), '129')
    start, count, weights = bands()
    total = len(weights)
    emit('table_mel_start', 'uint16_t', start, 'MEL_BANDS', 20)
    emit('table_mel_count', 'uint16_t', count, 'MEL_BANDS', 20)
    assert total == 488, total
    emit('table_mel_weights', 'float', weights, 'MEL_WEIGHTS')
    emit('table_quarter', 'int16_t', q15(signal.firwin(32, 1700, fs=RATE, window='hamming')), 'QUARTER_TAPS', 16)
    emit('table_vowel', 'int16_t', q15(signal.firwin(48, [300, 3000], fs=RATE, window='hamming', pass_zero=False)), 'VOWEL_TAPS', 16)
    print('// clang-format on')


if __name__ == '__main__':
    main()

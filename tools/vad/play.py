#!/usr/bin/python3
"""Plays made-up pieces on a sound font, for music that a sampler of real instruments makes.

usage: play.py --out DIR --fluidsynth PROGRAM --font FONT.sf2 [--pieces 48]
writes DIR/NN.ogg, a minute each, mono 16 kHz. Choirs and voices of the font are not played.
"""
import argparse, os, struct, subprocess
import numpy as np

VOICES = (52, 53, 54, 85, 91)       # of General MIDI, from 0
PLUCKED = (24, 25, 26, 27, 28, 32, 33, 34, 45, 46, 104, 105, 106, 107)


def number(v):
    out = bytes([v & 127])
    while v > 127:
        v >>= 7
        out = bytes([v & 127 | 128]) + out
    return out


def part(rng, channel, program, seconds, style):
    """(tick, message) of one instrument; 480 ticks are half a second."""
    scale = np.array([0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.6 else [0, 2, 3, 5, 7, 8, 10])
    root, step = int(rng.integers(36, 66)), int(rng.choice([120, 160, 240, 240, 480, 960]))
    out = [(0, bytes([0xC0 | channel, program])), (0, bytes([0xB0 | channel, 7, int(rng.integers(60, 127))]))]
    t, at = 0, 0
    while t < seconds * 960:
        at = int(np.clip(at + rng.integers(-2, 3), -3, 11))
        chord = {0: [at], 1: [at, at + 2, at + 4], 2: [0, 2, 4, 7][int(rng.integers(4)):][:1]}[style]
        length = int(step * rng.choice([0.4, 0.9, 1.5]))
        for d in chord:
            key = int(np.clip(root + scale[d % 7] + 12 * (d // 7), 20, 105)) if channel != 9 else int(rng.choice([36, 36, 38, 40, 42, 42, 46, 41, 45, 56, 60, 62, 70]))
            out += [(t, bytes([0x90 | channel, key, int(rng.integers(50, 120))])), (t + length, bytes([0x80 | channel, key, 0]))]
        t += int(step * rng.choice([1, 1, 1, 2, 0.5]))
        if rng.random() < 0.05:
            t += step * 4
    return out


def piece(rng, seconds, path):
    notes = []
    for channel in range(int(rng.choice([1, 1, 2, 3, 4]))):
        program = int(rng.choice(PLUCKED)) if rng.random() < 0.4 else int(rng.choice([p for p in range(120) if p not in VOICES]))
        notes += part(rng, channel, program, seconds, int(rng.integers(3)))
    if rng.random() < 0.35:
        notes += part(rng, 9, 0, seconds, 0)
    data, last = b'', 0
    for t, m in sorted(notes, key=lambda x: x[0]):
        data += number(t - last) + m
        last = t
    data += b'\0\xff\x2f\0'
    with open(path, 'wb') as f:
        f.write(b'MThd' + struct.pack('>IHHH', 6, 0, 1, 480) + b'MTrk' + struct.pack('>I', len(data)) + data)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--out', required=True); ap.add_argument('--fluidsynth', default='fluidsynth'); ap.add_argument('--font', required=True); ap.add_argument('--pieces', type=int, default=48)
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    for k in range(a.pieces):
        midi, wav, ogg = (os.path.join(a.out, f'{k:02d}.{e}') for e in ('mid', 'wav', 'ogg'))
        if os.path.exists(ogg):
            continue
        piece(np.random.default_rng([8, k]), 60, midi)
        subprocess.run([a.fluidsynth, '-ni', '-g', '0.5', '-r', '16000', '-F', wav, a.font, midi], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        subprocess.run(['ffmpeg', '-v', 'error', '-y', '-i', wav, '-t', '60', '-ac', '1', '-ar', '16000', ogg], check=True)
        os.remove(wav); os.remove(midi)


if __name__ == '__main__':
    main()

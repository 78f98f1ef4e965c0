#!/usr/bin/python3
"""Renders mixtures and writes what the network is fitted to: inputs and labels, never audio.

usage: make_set.py --out FILE.npz --hours H --seed N [--held] [--jobs 2] [--root DIR] [--tts DIR]
writes inputs float16 [files, frames, 68], labels uint8 [files, frames] (0..2 tens of ms of speech
in each 20 ms, 255 where the server sleeps), what str [files] (voice/noise/SNR).
--held takes the held-out voices and music, and only conditions with a name, for evaluate.py.
"""
import argparse, ctypes, os, subprocess, sys
from concurrent.futures import ProcessPoolExecutor
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import numpy as np
from scipy import signal
import channels as ch
import material as ma
import noises
import struck

FS, HOP, SECONDS, INPUTS = 16000, 160, 30, 68
N = FS * SECONDS
HELD_KINDS = ('clean', 'fan', 'traffic', 'coloured', 'babble', 'music', 'typing', 'laptop', 'sounds', 'animal', 'breath', 'knocks', 'plucked', 'office')


class Material:
    def __init__(self, a):
        root, cache, held = a.root, a.cache, a.held
        every = ma.voices(root, a.tts, a.queen)
        self.cache = cache
        self.voices = {}
        for name, (kind, pattern) in every.items():
            if ma.is_held(name) != held:
                continue
            clips = ma.load_voice(name, pattern, cache)
            if len(clips) >= 3:
                self.voices[name] = (kind, clips)
        self.human = [n for n, v in self.voices.items() if v[0] == 'human']
        self.tts = [n for n, v in self.voices.items() if v[0] == 'tts']
        self.portuguese = [n for n in self.tts if n.startswith('espeak-pt-')]
        self.music = ma.music(root, a.font)[1 if held else 0]
        self.sounds, self.stamps = ma.sounds(root)
        self.sounds = self.sounds + ma.blows(root)
        self.strokes = ma.strokes(root, a.keys, a.clips)[1 if held else 0]

    def pick(self, rng):
        r = rng.random()
        names = self.human if r < 0.72 else self.portuguese if r < 0.82 else self.tts
        return names[rng.integers(len(names))]

    def clip(self, rng, name):
        x, m = self.voices[name][1][rng.integers(len(self.voices[name][1]))]
        return x.astype(np.float32) / 32767 * 12, m


def warp(x, m, speed):
    """Another speaker: faster and higher, or slower and lower."""
    if abs(speed - 1) < 0.01:
        return x, m
    y = np.interp(np.arange(0, len(x) - 1, speed), np.arange(len(x)), x).astype(np.float32)
    k = len(y) // HOP
    return y[:k * HOP], m[np.minimum((np.arange(k) * speed).astype(int), len(m) - 1)]


def without_pauses(c, m):
    keep = np.repeat(m[:len(c) // HOP], HOP)
    return c[:len(keep)][keep], m[m]


def talk(mat, rng, name, share, speed, flow=False, swing=1.0):
    """Turns of one voice with pauses; with `flow` nearly all of it is one turn, and the pauses are cut out."""
    x, mask = np.zeros(N, np.float32), np.zeros(N // HOP, bool)
    i = int(rng.uniform(0.3, 2.5) * 100)
    while i < N // HOP - 50:
        turn = rng.uniform(8, 40) if flow else rng.uniform(0.6, 7)
        end = min(N // HOP, i + int(turn * 100))
        while i < end:
            c, m = warp(*mat.clip(rng, name), speed)
            if flow:
                c, m = without_pauses(c, m)
            L = min(len(m), end - i, len(c) // HOP)
            if L < 12:
                break
            y = c[:L * HOP] * 10 ** (rng.normal(0, swing) / 20)
            if L < len(m):
                f = min(len(y), 480)
                y[-f:] *= np.linspace(1, 0, f)
            x[i * HOP:(i + L) * HOP] += y
            mask[i:i + L] |= m[:L]
            i += L + int((rng.uniform(0, 0.06) if flow else rng.uniform(0.05, 0.5)) * 100)
        i += int(rng.exponential(turn * (1 - share) / share) * 100) + 20 if not flow else int(rng.uniform(0.5, 4) * 100)
    return x, mask


def babble(mat, rng, n):
    x = np.zeros(n, np.float32)
    for _ in range(rng.integers(4, 10)):
        name, i, g = mat.pick(rng), 0, 10 ** (rng.uniform(-8, 0) / 20)
        while i < n:
            c, _ = mat.clip(rng, name)
            L = min(len(c), n - i)
            x[i:i + L] += c[:L] * g
            i += L + int(FS * rng.uniform(0.02, 0.4))
    if rng.random() < 0.6:
        x = ch.room(rng, x, rng.uniform(0.1, 0.5), rng.uniform(0.2, 2))
    return noises.unit(x)


def of_files(mat, rng, n, paths, prefix):
    x = ma.load_long(paths[rng.integers(len(paths))], mat.cache, prefix)
    o = int(rng.integers(max(1, len(x) - n)))
    y = np.array(x[o:o + n], np.float32) / 32767
    while 0 < len(y) < n:
        y = np.concatenate([y, y])
    return noises.unit(y[:n]) if len(y) else np.zeros(n, np.float32)


def of_sounds(mat, rng, n):
    def one(r):
        group = mat.stamps if r.random() < 0.45 else mat.sounds
        x = np.array(ma.load_long(group[r.integers(len(group))], mat.cache, 'sound-')[:FS * 4], np.float32) / 32767
        if r.random() < 0.5 and len(x) > 400:
            x = np.interp(np.arange(0, len(x) - 1, r.uniform(0.7, 1.4)), np.arange(len(x)), x)
        return x if len(x) else np.zeros(100)
    return noises.events(rng, n, one, rng.uniform(0.2, 2))


def typing(mat, rng, n):
    """Real strokes: of recordings of single ones at any pace, or recorded typing as it is."""
    x, t = np.zeros(n), 0.0
    path = mat.strokes[rng.integers(len(mat.strokes))]
    if 'keyboard-typing' in path:
        return of_files(mat, rng, n, [path], 'keys-')
    group = [p for p in mat.strokes if os.path.dirname(p) == os.path.dirname(path)]
    pace, loaded = rng.uniform(3, 10), {}
    speed = rng.uniform(0.75, 1.3)
    while t * FS < n:
        for _ in range(rng.integers(1, 12)):
            p = group[rng.integers(len(group))]
            y = loaded.get(p)
            if y is None:
                y = loaded[p] = ma.strokes_of(ma.load_long(p, mat.cache, 'keys-'))
            if not y:
                continue
            one = y[rng.integers(len(y))]
            one = np.interp(np.arange(0, len(one) - 1, speed), np.arange(len(one)), one)
            struck.place(x, int(t * FS), one * 10 ** (rng.normal(0, 2) / 20))
            t += max(0.03, rng.normal(1, 0.35) / pace)
        t += rng.exponential(rng.choice([0.1, 0.4, 1.2]))
    return noises.unit(x + 1e-4 * rng.standard_normal(n))


def office(mat, rng, n):
    """Air, people far away in a large room, a keyboard, and what falls."""
    x = noises.fan(rng, n) * 10 ** (rng.uniform(-14, 0) / 20)
    x = x + ch.room(rng, babble(mat, rng, n), rng.uniform(0.4, 1.2), rng.uniform(0, 0.3)) * 10 ** (rng.uniform(-16, 0) / 20)
    for make in (typing, lambda m, r, k: struck.knocks(r, k), lambda m, r, k: noises.beeps(r, k), lambda m, r, k: struck.dishes(r, k)):
        if rng.random() < 0.5:
            x = x + ch.room(rng, make(mat, rng, n), rng.uniform(0.2, 0.9), rng.uniform(0, 1)) * 10 ** (rng.uniform(-22, -4) / 20)
    return noises.unit(x)


def noise(mat, rng, n, kind):
    if kind == 'babble':
        return babble(mat, rng, n)
    if kind == 'office':
        return office(mat, rng, n)
    if kind == 'typing':
        return typing(mat, rng, n)
    if kind == 'music':
        return of_files(mat, rng, n, mat.music, 'music-')
    if kind == 'hold':      # music that waits in a telephone
        return noises.unit(ch.telephone(rng, of_files(mat, rng, n, mat.music, 'music-')))
    if kind == 'sounds':
        return of_sounds(mat, rng, n)
    return (struck.KINDS.get(kind) or noises.KINDS[kind])(rng, n)


def near_voices(mat, rng, fit):
    """(name, sound, mask, everything of the people that is no speech)."""
    name, r = mat.pick(rng), rng.random() if fit else 1.0
    speed = float(np.clip(np.exp(rng.normal(0, 0.09)), 0.8, 1.25)) if fit else 1.0
    swing = rng.choice([1.0, 3.0]) if fit else 1.0
    if r < 0.13:      # nobody speaks
        return name, np.zeros(N, np.float32), np.zeros(N // HOP, bool)
    x, mask = talk(mat, rng, name, rng.uniform(0.25, 0.6) if fit else 0.5, speed, flow=r > 0.75 if fit else False, swing=swing)
    if fit and r < 0.2:     # a second one on the same track
        y, more = talk(mat, rng, mat.pick(rng), rng.uniform(0.2, 0.5), 1.0, swing=swing)
        x, mask = x + y * 10 ** (rng.uniform(-6, 3) / 20), mask | more
    return name, x, mask


def people(mat, rng, x, mask):
    """Breath between words; often somebody further away who is no speaker of this track."""
    pause = np.repeat(~mask, HOP).astype(np.float32)
    if rng.random() < 0.35:
        soft = np.convolve(pause, np.hanning(801) / np.sum(np.hanning(801)), 'same')
        x = x + (noises.breath(rng, N) * soft * 10 ** (rng.uniform(-36, -12) / 20)).astype(np.float32)
    if rng.random() < 0.35:
        far, _ = talk(mat, rng, mat.pick(rng), rng.uniform(0.2, 0.6), 1.0)
        x = x + ch.room(rng, far, rng.uniform(0.1, 0.6), rng.uniform(0.2, 3)) * 10 ** (rng.uniform(-36, -14) / 20)
    return x


def voice_in_room(rng, x):
    if rng.random() < 0.4:
        x = ch.room(rng, x, np.exp(rng.uniform(np.log(0.08), np.log(0.8))), rng.uniform(0.5, 3))
    if rng.random() < 0.2:
        x = ch.band(rng, x)
    if rng.random() < 0.4:
        x = signal.lfilter([1, rng.uniform(-0.7, 0.5)], [1], x).astype(np.float32)
    if rng.random() < 0.25:
        x = (x * noises.slow(rng, N, 0.3, 3)).astype(np.float32)
    return x


def noise_of(mat, rng, kind, fit):
    total = np.zeros(N, np.float32)
    for k in kind.split('+'):
        z = noise(mat, rng, N, k)
        if fit and rng.random() < 0.3:
            z = z * np.clip(noises.bursts(rng, N, (2, 12), (1, 8), 0.2), 10 ** (-30 / 20), 2)
        if fit and rng.random() < 0.25:
            z = ch.room(rng, z, rng.uniform(0.1, 0.6), rng.uniform(0.2, 2))
        if fit and rng.random() < 0.15:
            z = ch.band(rng, z)
        total += noises.unit(z) * 10 ** (rng.uniform(-6, 0) / 20)
    return noises.unit(total)


WAYS = (('pumped', ch.pumped, 0.18), ('slow', ch.slow_agc, 0.06), ('clipped', ch.clipped, 0.07), ('telephone', ch.telephone, 0.08), ('suppressed', ch.suppress, 0.06), ('overdriven', None, 0.04))


def way(rng, y, mask):
    """(sound, whether a codec comes last) through what may lie between."""
    r = rng.random()
    for name, change, share in WAYS:
        if r < share:
            y = change(rng, y) if change else np.tanh(y * rng.uniform(2, 8)) / 2
            break
        r -= share
    if rng.random() < 0.1:
        y = ch.hold_gate(rng, y, mask)
    if rng.random() < 0.15:     # it becomes louder or softer at once, noise and all
        at = int(rng.uniform(0.2, 0.8) * N)
        y = y.copy()
        y[at:] *= 10 ** (rng.uniform(-22, 12) / 20)
    return y, rng.random() < 0.1


def mixture(rng, x, mask, z, snr, level):
    p = np.mean(ma.frames_power(x)[mask]) if mask.any() else 1
    y = x * 10 ** (level / 20) / np.sqrt(p + 1e-12)
    y = y + noises.coloured(rng, N) * 10 ** (min(rng.uniform(-85, -60), level - 30) / 20)
    return y if z is None else y + z * 10 ** ((level - snr) / 20)


LIB = None


def inputs_of(lib, pcm):
    global LIB
    if LIB is None:
        LIB = ctypes.CDLL(lib)
        LIB.inputs_of.restype = ctypes.c_size_t
    rows = np.zeros((len(pcm) // 320 + 2, 80), np.float32)
    n = LIB.inputs_of(pcm.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(pcm)), FS, rows.ctypes.data_as(ctypes.c_void_p))
    return rows[:n]


MAT = None
FIT_KINDS = ['clean', 'fan', 'traffic', 'coloured', 'babble', 'music', 'synthmusic', 'keyboard', 'bumps', 'sounds', 'hum', 'animal', 'music', 'breath', 'motor', 'beeps', 'office', 'wind', 'cough', 'clean',
             'laptop', 'typing', 'knocks', 'dishes', 'plucked', 'cluck', 'laptop', 'typing+fan', 'music', 'fan+laptop', 'music+keyboard', 'animal+coloured', 'sounds+fan', 'babble+fan', 'breath+knocks', 'hum+knocks', 'sounds',
             'office', 'knocks+laptop', 'plucked+fan', 'music+traffic', 'animal', 'coloured', 'babble', 'clean',
             'babble', 'office', 'sounds', 'laptop', 'babble', 'music', 'office+typing', 'clean', 'babble', 'sounds+music', 'laptop', 'clean',
             'barks', 'hold', 'barks+fan', 'hold', 'music']


def finished(a, rng, y, mask, coded, name, k):
    pcm = np.clip(np.round(y * 32767 + (rng.uniform(-.5, .5, N) if rng.random() < 0.7 else 0) * (np.abs(y) > 0)), -32768, 32767).astype('<i2')
    if coded:
        pcm = ch.coded(rng, pcm)
    rows = inputs_of(a.lib, np.ascontiguousarray(pcm))[:N // 320]
    lab = mask.reshape(-1, 2).sum(1).astype(np.uint8)[:len(rows)]
    lab[~rows.any(1)] = 255
    if a.audio:
        os.makedirs(a.audio, exist_ok=True)
        pcm.tofile(os.path.join(a.audio, f'{k:05d}.raw')); mask.astype(np.uint8).tofile(os.path.join(a.audio, f'{k:05d}.lab'))
    return rows[:, :INPUTS].astype(np.float16), lab, name


def one(job):
    """A scene: one mixture to test with; two to fit, which differ in SNR, level and the way."""
    a, k = job
    rng, fit = np.random.default_rng([a.seed, k]), not a.held
    conds = [('clean', 99.0)] + [(c, s) for s in (20.0, 10.0, 5.0, 0.0) for c in HELD_KINDS[1:]]
    kinds = a.kinds.split(',') if a.kinds else FIT_KINDS
    kind = kinds[k % len(kinds)] if fit else conds[k % len(conds)][0]
    name, x, mask = near_voices(MAT, rng, fit)
    if fit:
        x = voice_in_room(rng, people(MAT, rng, x, mask))
    z = None if kind == 'clean' else noise_of(MAT, rng, kind, fit)
    out = []
    for i in range(2 if fit else 1):
        snr, level = (rng.uniform(-3, 30), rng.uniform(-46, -8)) if fit else (conds[k % len(conds)][1], rng.uniform(-30, -18))
        y, coded = mixture(rng, x, mask, z, snr, level), False
        if fit:
            y, coded = way(rng, y, mask)
        elif a.way:
            y = getattr(ch, a.way)(rng, y)
        out.append(finished(a, rng, y, mask, coded, f'{name}/{kind}/{snr:.0f}', 2 * k + i))
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--out', required=True); ap.add_argument('--hours', type=float, default=10); ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--held', action='store_true'); ap.add_argument('--jobs', type=int, default=2); ap.add_argument('--audio', default='', help='keep the mixtures too')
    ap.add_argument('--root', default='/tmp/snd/root'); ap.add_argument('--tts', default='/tmp/snd/tts'); ap.add_argument('--cache', default='/tmp/snd/cache'); ap.add_argument('--lib', default='/tmp/snd/libinputs.so')
    ap.add_argument('--queen', default='/tmp/snd/queen'); ap.add_argument('--font', default='/tmp/snd/font'); ap.add_argument('--keys', default='/tmp/snd/keys'); ap.add_argument('--clips', default='/tmp/snd/pipx'); ap.add_argument('--kinds', default='', help='other noises than FIT_KINDS'); ap.add_argument('--way', default='', help='with --held: a function of channels.py')
    a = ap.parse_args()
    global MAT
    MAT = mat = Material(a)
    print(len(mat.human), 'human and', len(mat.tts), 'synthetic voices,', len(mat.music), 'pieces of music,', len(mat.sounds), '+', len(mat.stamps), 'sounds', flush=True)
    count = int(a.hours * 3600 / SECONDS) // (1 if a.held else 2)
    done = []
    with ProcessPoolExecutor(a.jobs) as ex:
        for k, made in enumerate(ex.map(one, [(a, k) for k in range(count)], chunksize=4)):
            done += made
            if k % 45 == 44 or k == count - 1:     # what there is can be used
                np.savez(a.out + '.part.npz', inputs=np.stack([d[0] for d in done]), labels=np.stack([d[1] for d in done]), what=np.array([d[2] for d in done]))
                os.replace(a.out + '.part.npz', a.out)
                print(len(done), flush=True)
    lab = np.stack([d[1] for d in done])
    print(len(done), 'files, speech share', round(float((lab[lab < 255] > 1).mean()), 3))


if __name__ == '__main__':
    main()

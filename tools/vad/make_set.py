#!/usr/bin/python3
"""Renders mixtures and writes what the network is fitted to: inputs and labels, never audio.

usage: make_set.py --out FILE.npz --hours H --seed N [--held] [--jobs 2] [--root DIR] [--tts DIR]
writes inputs float16 [files, frames, 44], labels uint8 [files, frames] (0..2 tens of ms of speech
in each 20 ms, 255 where the server sleeps), what str [files] (voice/noise/SNR).
--held takes the held-out voices and music, and only conditions with a name, for evaluate.py.
"""
import argparse, ctypes, os, subprocess, sys
from concurrent.futures import ProcessPoolExecutor
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import numpy as np
from scipy import signal
import material as ma
import noises

FS, HOP, SECONDS = 16000, 160, 30
N = FS * SECONDS
HELD_KINDS = ('clean', 'fan', 'traffic', 'coloured', 'babble', 'music', 'keyboard', 'sounds', 'animal', 'breath', 'bumps')


class Material:
    def __init__(self, root, tts, cache, held):
        every = ma.voices(root, tts)
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
        self.music = ma.music(root)[1 if held else 0]
        self.sounds, self.stamps = ma.sounds(root)

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


def talk(mat, rng, name, share, speed):
    x, mask = np.zeros(N, np.float32), np.zeros(N // HOP, bool)
    i = int(rng.uniform(0.3, 2.5) * 100)
    while i < N // HOP - 50:
        turn = rng.uniform(0.6, 7)
        end = min(N // HOP, i + int(turn * 100))
        while i < end:
            c, m = warp(*mat.clip(rng, name), speed)
            L = min(len(m), end - i, len(c) // HOP)
            if L < 12:
                break
            y = c[:L * HOP] * 10 ** (rng.normal(0, 1) / 20)
            if L < len(m):
                f = min(len(y), 480)
                y[-f:] *= np.linspace(1, 0, f)
            x[i * HOP:(i + L) * HOP] += y
            mask[i:i + L] |= m[:L]
            i += L + int(rng.uniform(0.05, 0.5) * 100)
        i += int(rng.exponential(turn * (1 - share) / share) * 100) + 20
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
        x = room(rng, x, rng.uniform(0.1, 0.5), rng.uniform(0.2, 2))
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


def noise(mat, rng, n, kind):
    if kind == 'babble':
        return babble(mat, rng, n)
    if kind == 'music':
        return of_files(mat, rng, n, mat.music, 'music-')
    if kind == 'sounds':
        return of_sounds(mat, rng, n)
    return noises.KINDS[kind](rng, n)


def room(rng, x, t60, direct):
    L = int(t60 * FS)
    h = rng.standard_normal(L) * 10 ** (-3 * np.arange(L) / FS / t60)
    h[:int(0.002 * FS)] = 0
    h *= 1 / np.sqrt(np.sum(h ** 2))
    h[0] = direct
    return signal.fftconvolve(x, h / np.sqrt(np.sum(h ** 2)))[:len(x)].astype(np.float32)


def band(rng, x):
    lo = rng.choice([0, 0, 80, 150, 300])
    hi = rng.choice([3400, 3400, 4000, 5000, 6000, 7000])
    x = signal.sosfilt(signal.butter(rng.integers(2, 7), hi / 8000, output='sos'), x)
    return (signal.sosfilt(signal.butter(2, lo / 8000, 'high', output='sos'), x) if lo else x).astype(np.float32)


def opus(rng, pcm):
    """Through a low-rate codec and back; its delay is taken out by correlation."""
    rate = str(rng.choice([8, 10, 12, 16, 24]))
    enc = subprocess.run(['ffmpeg', '-v', 'error', '-f', 's16le', '-ar', '16000', '-ac', '1', '-i', '-', '-c:a', 'libopus', '-b:a', rate + 'k', '-application', 'voip', '-f', 'ogg', '-'], input=pcm.tobytes(), stdout=subprocess.PIPE).stdout
    out = np.frombuffer(subprocess.run(['ffmpeg', '-v', 'error', '-i', '-', '-ar', '16000', '-f', 's16le', '-'], input=enc, stdout=subprocess.PIPE).stdout, '<i2')
    return np.pad(out, (0, max(0, len(pcm) - len(out))))[:len(pcm)]


def suppress(rng, y, mask):
    """What a client's noise suppression leaves: quiet spectral gates that let speech through."""
    f, t, z = signal.stft(y, FS, nperseg=320, noverlap=160)
    p = np.abs(z)
    floor = np.percentile(p, rng.uniform(20, 50), axis=1, keepdims=True)
    gain = np.clip(1 - rng.uniform(1.5, 4) * floor / (p + 1e-9), 10 ** (-rng.uniform(8, 30) / 20), 1)
    gain = signal.lfilter([0.5], [1, -0.5], gain, axis=1)
    return signal.istft(z * gain, FS, nperseg=320, noverlap=160)[1][:len(y)].astype(np.float32)


def hold_gate(rng, y, mask):
    """DTX or a gate: between spurts zeros or comfort noise."""
    k = int(rng.uniform(10, 60))
    hold = np.convolve(mask.astype(int), np.ones(2 * k + 1), 'same') > 0
    g = np.repeat(hold, HOP).astype(np.float32)
    return y * g + noises.coloured(rng, len(y), 0) * 10 ** (rng.choice([-200, -200, -78, -65, -55]) / 20) * (1 - g)


def mixture(mat, rng, kind, snr, level, fit):
    name = mat.pick(rng)
    speed = np.exp(rng.normal(0, 0.09)) if fit else 1.0
    x, mask = talk(mat, rng, name, rng.uniform(0.25, 0.6) if fit else 0.5, float(np.clip(speed, 0.8, 1.25)))
    if fit and rng.random() < 0.06:      # nobody speaks at all
        x[:], mask[:] = 0, False
    if fit:
        if rng.random() < 0.35:
            x = room(rng, x, np.exp(rng.uniform(np.log(0.08), np.log(0.7))), rng.uniform(0.5, 3))
        if rng.random() < 0.3:
            x = band(rng, x)
        if rng.random() < 0.4:
            x = signal.lfilter([1, rng.uniform(-0.7, 0.5)], [1], x).astype(np.float32)
        if rng.random() < 0.2:
            x = (x * noises.slow(rng, N, 0.3, 3)).astype(np.float32)
    p = np.mean(ma.frames_power(x)[mask]) if mask.any() else 1
    x = x * 10 ** (level / 20) / np.sqrt(p + 1e-12)
    y = x + noises.coloured(rng, N) * 10 ** (min(rng.uniform(-85, -60), level - 30) / 20)
    if kind != 'clean':
        total = np.zeros(N, np.float32)
        for k in kind.split('+'):
            z = noise(mat, rng, N, k)
            if fit and rng.random() < 0.3:
                z = z * np.clip(noises.bursts(rng, N, (2, 12), (1, 8), 0.2), 10 ** (-30 / 20), 2)
            if fit and rng.random() < 0.25:
                z = room(rng, z, rng.uniform(0.1, 0.6), rng.uniform(0.2, 2))
            if fit and rng.random() < 0.15:
                z = band(rng, z)
            total += noises.unit(z) * 10 ** (rng.uniform(-6, 0) / 20)
        y = y + noises.unit(total) * 10 ** ((level - snr) / 20)
    if fit:
        if rng.random() < 0.1:
            y = suppress(rng, y, mask)
        if rng.random() < 0.12:
            y = hold_gate(rng, y, mask)
        if rng.random() < 0.06:
            y = np.tanh(y * rng.uniform(2, 8)) / 2
    return name, y, mask


LIB = None


def inputs_of(lib, pcm):
    global LIB
    if LIB is None:
        LIB = ctypes.CDLL(lib)
        LIB.inputs_of.restype = ctypes.c_size_t
    rows = np.zeros((len(pcm) // 320 + 2, 48), np.float32)
    n = LIB.inputs_of(pcm.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(pcm)), FS, rows.ctypes.data_as(ctypes.c_void_p))
    return rows[:n]


MAT = None
FIT_KINDS = ['clean', 'fan', 'traffic', 'coloured', 'babble', 'music', 'synthmusic', 'keyboard', 'bumps', 'sounds', 'hum', 'animal', 'music', 'breath', 'motor', 'beeps', 'babble', 'wind', 'cough',
             'music', 'fan+keyboard', 'music+keyboard', 'animal+coloured', 'sounds+fan', 'babble+fan', 'breath+bumps', 'hum+bumps', 'sounds', 'music+traffic', 'animal', 'coloured']


def one(job):
    a, k = job
    rng = np.random.default_rng([a.seed, k])
    if a.held:
        conds = [('clean', 99.0)] + [(c, s) for s in (20.0, 10.0, 5.0, 0.0) for c in HELD_KINDS[1:]]
        kind, snr = conds[k % len(conds)]
        level = rng.uniform(-30, -18)
    else:
        kind, snr, level = FIT_KINDS[k % len(FIT_KINDS)], rng.uniform(-3, 30), rng.uniform(-46, -8)
    name, y, mask = mixture(MAT, rng, kind, snr, level, not a.held)
    pcm = np.clip(np.round(y * 32767 + (rng.uniform(-.5, .5, N) if rng.random() < 0.7 else 0) * (np.abs(y) > 0)), -32768, 32767).astype('<i2')
    if not a.held and rng.random() < 0.15:
        pcm = opus(rng, pcm)
    rows = inputs_of(a.lib, np.ascontiguousarray(pcm))[:N // 320]
    lab = mask.reshape(-1, 2).sum(1).astype(np.uint8)[:len(rows)]
    lab[~rows.any(1)] = 255
    if a.audio:
        os.makedirs(a.audio, exist_ok=True)
        pcm.tofile(os.path.join(a.audio, f'{k:05d}.raw')); mask.astype(np.uint8).tofile(os.path.join(a.audio, f'{k:05d}.lab'))
    return rows[:, :44].astype(np.float16), lab, f'{name}/{kind}/{snr:.0f}'


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--out', required=True); ap.add_argument('--hours', type=float, default=10); ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--held', action='store_true'); ap.add_argument('--jobs', type=int, default=2); ap.add_argument('--audio', default='', help='keep the mixtures too')
    ap.add_argument('--root', default='/tmp/snd/root'); ap.add_argument('--tts', default='/tmp/snd/tts'); ap.add_argument('--cache', default='/tmp/snd/cache'); ap.add_argument('--lib', default='/tmp/snd/libinputs.so')
    a = ap.parse_args()
    global MAT
    MAT = mat = Material(a.root, a.tts, a.cache, a.held)
    print(len(mat.human), 'human and', len(mat.tts), 'synthetic voices,', len(mat.music), 'pieces of music,', len(mat.sounds), '+', len(mat.stamps), 'sounds', flush=True)
    count = int(a.hours * 3600 / SECONDS)
    with ProcessPoolExecutor(a.jobs) as ex:
        done = list(ex.map(one, [(a, k) for k in range(count)], chunksize=4))
    np.savez(a.out, inputs=np.stack([d[0] for d in done]), labels=np.stack([d[1] for d in done]), what=np.array([d[2] for d in done]))
    lab = np.stack([d[1] for d in done])
    print(len(done), 'files, speech share', round(float((lab[lab < 255] > 1).mean()), 3))


if __name__ == '__main__':
    main()

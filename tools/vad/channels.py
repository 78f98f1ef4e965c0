"""What lies between a mouth and the server: rooms, microphones that are turned up, down or over,
gates, noise suppression, telephones and codecs. 16 kHz; none moves the sound in time by more than
a few milliseconds.
"""
import subprocess
import numpy as np
from scipy import ndimage, signal
from noises import FS, coloured
HOP = 160


def room(rng, x, t60, direct):
    L = int(t60 * FS)
    h = rng.standard_normal(L) * 10 ** (-3 * np.arange(L) / FS / t60)
    h[:int(0.002 * FS)] = 0
    for _ in range(rng.integers(0, 6)):     # walls that are near
        h[rng.integers(int(0.003 * FS), max(int(0.004 * FS), min(L, int(0.04 * FS))))] += rng.normal(0, 2)
    h *= 1 / np.sqrt(np.sum(h ** 2))
    h[0] = direct
    return signal.fftconvolve(x, h / np.sqrt(np.sum(h ** 2)))[:len(x)].astype(np.float32)


def band(rng, x):
    lo = rng.choice([0, 0, 80, 150, 300])
    hi = rng.choice([3400, 3400, 4000, 5000, 6000, 7000])
    x = signal.sosfilt(signal.butter(rng.integers(2, 7), hi / 8000, output='sos'), x)
    return (signal.sosfilt(signal.butter(2, lo / 8000, 'high', output='sos'), x) if lo else x).astype(np.float32)


def pumped(rng, y):
    """A gain control that brings each moment to one level, noise in pauses too: ffmpeg's, or one of our own."""
    if rng.random() < 0.5:
        told = f'dynaudnorm=f={rng.integers(40, 500)}:g={rng.choice([3, 3, 5, 7, 11, 31])}:m={rng.uniform(6, 60):.1f}:p={rng.uniform(0.4, 0.95):.2f}' + (f':r={rng.uniform(0.05, 0.3):.2f}' if rng.random() < 0.2 else '')
        out = subprocess.run(['ffmpeg', '-v', 'error', '-threads', '1', '-f', 'f32le', '-ar', '16000', '-ac', '1', '-i', '-', '-af', told, '-f', 'f32le', '-'], input=y.astype('<f4').tobytes(), stdout=subprocess.PIPE).stdout
        z = np.frombuffer(out, '<f4')[:len(y)]
        return (np.clip(np.pad(z, (0, len(y) - len(z))), -1, 1) * 10 ** (rng.uniform(-18, 0) / 20)).astype(np.float32)
    step = int(rng.choice([0.05, 0.1, 0.1, 0.2, 0.5]) * FS)
    frames = np.abs(y[:len(y) // step * step].reshape(-1, step))
    peak = frames.max(1) if rng.random() < 0.6 else 3 * np.sqrt(np.mean(frames ** 2, 1))
    gain = np.minimum(10 ** (rng.uniform(15, 40) / 20), 0.9 / (peak + 1e-6))
    width = int(rng.choice([3, 3, 5, 9, 15]))
    gain = ndimage.gaussian_filter1d(ndimage.minimum_filter1d(gain, width), width / 6 + 0.3)
    g = np.interp(np.arange(len(y)), (np.arange(len(gain)) + 0.5) * step, gain)
    return (np.clip(y * g, -1, 1) * 10 ** (rng.uniform(-18, 0) / 20)).astype(np.float32)


def slow_agc(rng, y):
    """Attack in tens of ms, release in seconds."""
    p = np.sqrt(np.mean(y[:len(y) // HOP * HOP].reshape(-1, HOP) ** 2, 1)) + 1e-7
    up, down = 1 - np.exp(-0.01 / rng.uniform(0.02, 0.1)), 1 - np.exp(-0.01 / np.exp(rng.uniform(np.log(0.2), np.log(4))))
    level, gain, most, want = p[0], np.empty(len(p)), 10 ** (rng.uniform(12, 40) / 20), 10 ** (rng.uniform(-26, -16) / 20)
    for i, q in enumerate(p):
        level += (up if q > level else down) * (q - level)
        gain[i] = min(most, want / level)
    return (np.interp(np.arange(len(y)), (np.arange(len(gain)) + 0.5) * HOP, gain) * y).clip(-1, 1).astype(np.float32)


def clipped(rng, y):
    top = np.quantile(np.abs(y[::7]), rng.uniform(0.9, 0.998)) + 1e-5
    return np.clip(y / top, -1, 1).astype(np.float32) * np.float32(10 ** (rng.uniform(-24, 0) / 20))


def suppress(rng, y):
    """What a client's noise suppression leaves: quiet spectral gates that let speech through."""
    _, _, z = signal.stft(y, FS, nperseg=320, noverlap=160)
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
    return y * g + coloured(rng, len(y), 0) * 10 ** (rng.choice([-200, -200, -78, -65, -55]) / 20) * (1 - g)


def telephone(rng, y):
    """300 to 3400 Hz and 8 bits of mu-law."""
    x = signal.sosfilt(signal.butter(rng.integers(3, 9), [rng.uniform(180, 320) / 8000, rng.uniform(3100, 3700) / 8000], 'band', output='sos'), y)
    x = x / (np.max(np.abs(x)) + 1e-6) * rng.uniform(0.1, 1)
    c = np.round(np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256) * 127) / 127
    x = np.sign(c) * (256 ** np.abs(c) - 1) / 255
    x = signal.sosfilt(signal.butter(8, 3800 / 8000, output='sos'), x)
    return (x * np.sqrt(np.mean(y ** 2) / (np.mean(x ** 2) + 1e-12))).astype(np.float32)


def coded(rng, pcm):
    """Through a low-rate codec and back, s16; its delay is taken out by correlation."""
    if rng.random() < 0.6:
        to, form = ['-c:a', 'libopus', '-b:a', str(rng.choice([8, 10, 12, 16, 24])) + 'k', '-application', 'voip'], 'ogg'
    else:
        to, form = ['-c:a', 'libmp3lame', '-b:a', str(rng.choice([16, 16, 24, 32])) + 'k'], 'mp3'
    enc = subprocess.run(['ffmpeg', '-v', 'error', '-threads', '1', '-f', 's16le', '-ar', '16000', '-ac', '1', '-i', '-', *to, '-f', form, '-'], input=pcm.tobytes(), stdout=subprocess.PIPE).stdout
    out = np.frombuffer(subprocess.run(['ffmpeg', '-v', 'error', '-threads', '1', '-i', '-', '-ar', '16000', '-ac', '1', '-f', 's16le', '-'], input=enc, stdout=subprocess.PIPE).stdout, '<i2')
    out = np.pad(out, (0, max(0, len(pcm) + 4000 - len(out))))
    n = min(len(pcm), FS * 20)
    size = 1 << (n + 4000).bit_length()
    c = np.fft.irfft(np.fft.rfft(out[:n + 4000].astype(float), size) * np.conj(np.fft.rfft(pcm[:n].astype(float), size)), size)
    delay = int(np.argmax(c[:4000]))
    return out[delay:delay + len(pcm)] if len(out) >= delay + len(pcm) else np.pad(out[delay:], (0, len(pcm) + delay - len(out)))

"""Things that are struck, knocked or plucked, 16 kHz, each of unit RMS: they have the rhythm of
syllables and bodies that ring where voices do, and are no speech.
"""
import numpy as np
from scipy import signal
from noises import FS, coloured, events, ring, slow, unit


def log_uniform(rng, lo, hi, size=None):
    return np.exp(rng.uniform(np.log(lo), np.log(hi), size))


def body(rng, lo, hi, modes, decay):
    """The sound of one blow on a body: damped modes, the higher the softer and shorter, and the
    rattle between them. Returns a function that strikes it."""
    f, d = log_uniform(rng, lo, hi, modes), log_uniform(rng, *decay, modes)
    corner, slope = log_uniform(rng, 150, 700), rng.uniform(0.5, 2.5)
    g = rng.uniform(0.15, 1, modes) / np.sqrt(1 + (f / corner) ** (2 * slope))
    d = d / np.sqrt(1 + f / 2000)
    if rng.random() < 0.6:     # a lid or a table top that hums where voices do
        k = rng.integers(1, 4)
        f, g, d = np.append(f, log_uniform(rng, 80, 420, k)), np.append(g, rng.uniform(0.7, 3, k)), np.append(d, log_uniform(rng, 0.012, 0.09, k))
        modes = len(f)
    t = np.arange(int(min(0.5, 6 * d.max()) * FS)) / FS
    rattle, rattle_s, tail = rng.uniform(0, 2.5), log_uniform(rng, *decay), np.fft.rfftfreq(len(t), 1 / FS)
    shape = (tail > lo / 2) / np.sqrt(1 + (tail / corner) ** (2 * slope))

    soft = log_uniform(rng, 0.0003, 0.008)

    def blow(r):
        jitter = r.normal(1, 0.02, modes)
        y = sum(g[k] * r.uniform(0.6, 1) * np.sin(2 * np.pi * f[k] * jitter[k] * t + r.uniform(0, 6)) * np.exp(-t / d[k]) for k in range(modes))
        if rattle > 0.3 and len(t) > 16:
            z = np.fft.irfft(np.fft.rfft(r.standard_normal(len(t)) * np.exp(-t / rattle_s)) * shape, len(t))
            y = y + rattle * z * np.max(np.abs(y)) / (np.max(np.abs(z)) + 1e-9)
        return y * np.minimum(1, np.arange(len(t)) / (FS * soft))
    return blow


def place(x, i, y):
    if i < len(x):
        y = y[:len(x) - i]
        x[i:i + len(y)] += y


def small_room(rng, x):
    """The table, the lid and the near walls."""
    L = int(log_uniform(rng, 0.02, 0.6) * FS)
    h = rng.standard_normal(L) * 10 ** (-3 * np.arange(L) / L)
    h = rng.uniform(0.2, 1.5) * h / np.sqrt(np.sum(h ** 2))
    h[0] = rng.uniform(0.5, 2)
    return signal.fftconvolve(x, h)[:len(x)]


def laptop(rng, n):
    """Typing as the laptop's own microphone hears it: thumps of its body, mostly below 1 kHz, three
    to eleven a second, in words with pauses. Each key sounds its own way, a blow has a touch, a
    bottom and a release, and no two are as loud."""
    lo, hi, decay = rng.uniform(50, 150), log_uniform(rng, 500, 7000), (0.005, log_uniform(rng, 0.02, 0.08))
    keys = [body(rng, lo, hi * rng.uniform(0.4, 1), rng.integers(3, 30), decay) for _ in range(rng.integers(3, 12))]
    bottom, hum = body(rng, 70, 450, rng.integers(2, 5), (0.012, 0.07)), rng.uniform(0, 1.2)
    click, click_s, rate = 10 ** (rng.uniform(-35, -3) / 20), log_uniform(rng, 0.0004, 0.004), rng.uniform(3, 11)
    even, up, spread = rng.uniform(0.1, 0.6), 10 ** (rng.uniform(-25, 0) / 20), rng.uniform(2, 8)
    x, t = np.zeros(n), rng.uniform(0, 0.5)

    def part(at, gain):
        y = keys[rng.integers(len(keys))](rng)
        if hum > 0.2:
            z = bottom(rng)
            k = max(len(y), len(z))
            y = np.pad(y, (0, k - len(y))) + np.pad(hum * rng.uniform(0.2, 1) * z, (0, k - len(z)))
        k = min(len(y), int(0.03 * FS))
        y[:k] += click * rng.uniform(0.3, 1) * np.max(np.abs(y)) * rng.standard_normal(k) * np.exp(-np.arange(k) / FS / click_s)
        place(x, int(at * FS), y * gain)
    while t * FS < n:
        for _ in range(rng.integers(1, 16)):
            gain = 10 ** (rng.normal(0, spread) / 20)
            part(t, gain)
            if rng.random() < 0.5:      # the finger before the key's bottom
                part(t + rng.uniform(0.01, 0.04), gain * rng.uniform(0.3, 2))
            part(t + rng.uniform(0.05, 0.14), gain * up * rng.uniform(0.3, 1))
            t += max(0.03, rng.normal(1, even) / rate)
        t += rng.exponential(rng.choice([0.1, 0.3, 0.8]))
        if rng.random() < 0.06:
            t += rng.uniform(1, 4)
    x = small_room(rng, x)
    return unit(x + 10 ** (rng.uniform(-60, -25) / 20) * np.std(x) * coloured(rng, n))


def knocks(rng, n):
    """On doors and desks, steps, handled microphones: one to five blows in a row."""
    low = rng.random() < 0.6
    bodies = [body(rng, 40 if low else 120, rng.uniform(250, 900) if low else rng.uniform(800, 4000), rng.integers(2, 30), (0.006, 0.09)) for _ in range(rng.integers(1, 4))]
    steps, x, t = rng.random() < 0.25, np.zeros(n), rng.uniform(0, 1)
    pace = rng.uniform(0.4, 0.7) if steps else log_uniform(rng, 0.08, 0.4)
    while t * FS < n:
        loud = rng.normal(0, 4)
        for _ in range(rng.integers(4, 20) if steps else rng.integers(1, 6)):
            y = bodies[rng.integers(len(bodies))](rng) * 10 ** ((loud + rng.normal(0, 2)) / 20)
            k = min(len(y), int(rng.uniform(0.002, 0.06) * FS))
            y[:k] += rng.uniform(0, 0.7) * np.max(np.abs(y)) * rng.standard_normal(k) * np.linspace(1, 0, k)
            place(x, int(t * FS), y)
            t += max(0.04, pace * rng.normal(1, 0.15))
        t += rng.exponential(rng.choice([0.3, 1, 3]))
    return unit(small_room(rng, x) + 1e-4 * rng.standard_normal(n))


def dishes(rng, n):
    """Plates, glasses and cutlery, and water that may run beside them."""
    x = events(rng, n, lambda r: ring(r, r.integers(3, 9), r.uniform(0.1, 0.8), 500, 7000, (0.01, 0.25)) + 0.3 * np.max(r.uniform(0, 1)) * r.standard_normal(1), rng.uniform(0.08, 0.8)).astype(float)
    x += 0.4 * unit(knocks(rng, n))
    if rng.random() < 0.5:
        x += rng.uniform(0.1, 0.8) * coloured(rng, n, rng.uniform(-0.3, 0.3)) * slow(rng, n, 2, 4)
    return unit(x)


def string(rng, f, seconds, damp, bright):
    """Karplus and Strong's plucked string."""
    period = FS / f
    N = max(2, int(period - 0.5))
    frac = period - 0.5 - N
    burst = rng.standard_normal(N)
    burst = signal.lfilter([1 - bright], [1, -bright], burst)
    pick = max(1, int(N * rng.uniform(0.08, 0.5)))
    burst = burst - np.roll(burst, pick)
    x = np.zeros(int(seconds * FS))
    x[:N] = burst[:len(x)]
    a = np.zeros(N + 3)
    a[0] = 1
    loop = damp * np.convolve([0.5, 0.5], [1 - frac, frac])
    a[N:N + 3] -= loop
    return signal.lfilter([1], a, x)


def plucked(rng, n):
    """Guitars, harps, basses, banjos: arpeggios, chords and tunes."""
    root, scale = rng.uniform(70, 300), np.array([0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.6 else [0, 2, 3, 5, 7, 8, 10])
    damp, bright, step = rng.uniform(0.985, 0.9995), rng.uniform(0, 0.85), log_uniform(rng, 0.1, 0.6)
    wood = [(rng.uniform(90, 300), rng.uniform(0.9, 0.99)), (rng.uniform(180, 900), rng.uniform(0.85, 0.97))]
    style, x, t, at = rng.integers(3), np.zeros(n), rng.uniform(0, 0.4), 0
    while t * FS < n:
        chord = rng.integers(7)
        for _ in range(rng.integers(3, 9)):
            at = int(np.clip(at + rng.integers(-2, 3), -4, 12))
            degrees = [chord + 2 * rng.integers(4)] if style == 0 else [chord, chord + 2, chord + 4, chord + 7] if style == 1 else [at]
            for k, d in enumerate(degrees):
                f = root * 2 ** ((scale[d % 7] + 12 * (d // 7)) / 12)
                place(x, int((t + 0.012 * k * rng.uniform(0.3, 2)) * FS), string(rng, f, rng.uniform(0.3, 2.2), damp, bright) * 10 ** (rng.normal(0, 2.5) / 20))
            t += step * rng.choice([0.5, 1, 1, 1, 2])
        t += step * rng.choice([0, 0, 1, 3])
    for f, q in wood:
        x = x + rng.uniform(0, 2) * signal.lfilter([1 - q], [1, -2 * q * np.cos(2 * np.pi * f / FS), q * q], x)
    return unit(x + 1e-4 * rng.standard_normal(n))


def cluck(rng, n):
    """Hens, geese, pigeons: short voiced cries in a row, through a beak."""
    size = log_uniform(rng, 0.6, 1.8)
    c, q = size * rng.uniform(900, 2600), rng.uniform(0.85, 0.96)

    def call(r):
        long = r.random() < 0.15
        L = int((r.uniform(0.3, 1.0) if long else r.uniform(0.04, 0.18)) * FS)
        u = np.linspace(0, 1, L)
        f = size * r.uniform(250, 650) * (1 + r.uniform(0, 0.6) * (u ** 2 if long else np.sin(np.pi * u)))
        ph = 2 * np.pi * np.cumsum(f) / FS
        y = sum(np.sin(k * ph) * k ** -0.6 for k in range(1, 10)) + r.uniform(0.1, 1.5) * r.standard_normal(L)
        y = signal.lfilter([1 - q], [1, -2 * q * np.cos(2 * np.pi * c / FS), q * q], y) + 0.1 * y
        return y * np.sin(np.pi * u) ** r.uniform(0.4, 1.5)
    return unit(events(rng, n, call, log_uniform(rng, 0.1, 0.6)) + 10 ** (rng.uniform(-45, -15) / 20) * coloured(rng, n))


KINDS = {'laptop': laptop, 'knocks': knocks, 'dishes': dishes, 'plucked': plucked, 'cluck': cluck}

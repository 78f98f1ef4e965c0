"""Noises of a room that is not speaking, 16 kHz, each of unit RMS over its active part.

Every function takes (rng, n) and draws its parameters widely: the network shall learn what speech
is, not what these generators are.
"""
import numpy as np
from scipy import signal

FS = 16000


def unit(x):
    x = np.asarray(x, np.float64)
    p = np.mean(x ** 2)
    return (x / np.sqrt(p + 1e-12)).astype(np.float32)


def coloured(rng, n, tilt=None):
    """Noise of a random tilt with up to three resonances."""
    f = np.fft.rfftfreq(n, 1 / FS)
    g = np.maximum(f, 25.0) ** (rng.uniform(-1.4, 0.25) if tilt is None else tilt) * (f > rng.uniform(15, 90))
    for _ in range(rng.integers(4)):
        c, w = np.exp(rng.uniform(np.log(80), np.log(6500))), rng.uniform(0.05, 0.6)
        g = g * (1 + rng.uniform(0.5, 8) * np.exp(-0.5 * (np.log(np.maximum(f, 1) / c) / w) ** 2))
    if rng.random() < 0.3:
        g = g * (f < rng.uniform(2000, 7500))
    return unit(np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * g, n))


def slow(rng, n, rate, depth_db):
    """A gain that wanders by depth_db, `rate` points a second."""
    k = max(2, int(n / FS * rate) + 2)
    return 10 ** (np.interp(np.arange(n), np.linspace(0, n, k), rng.normal(0, depth_db, k)) / 20)


def harmonics(rng, f, n_max, roll, top=7000):
    """A harmonic tone along the frequency track f (Hz per sample)."""
    ph = 2 * np.pi * np.cumsum(f) / FS
    x = np.zeros(len(f))
    for k in range(1, n_max + 1):
        if k * np.min(f) > top:
            break
        x += np.sin(k * ph + rng.uniform(0, 6)) * k ** -roll * rng.uniform(0.3, 1) * (k * f < top)
    return x


def fan(rng, n):
    x = coloured(rng, n, rng.uniform(-1.5, -0.4))
    f = rng.uniform(40, 420) * (1 + 0.01 * np.cumsum(rng.standard_normal(n)) / np.sqrt(n))
    x = x + rng.uniform(0, 0.6) * unit(harmonics(rng, f, rng.integers(1, 12), rng.uniform(0.6, 2)))
    return unit(x * slow(rng, n, rng.uniform(0.2, 3), rng.uniform(0, 1.5)))


def hum(rng, n):
    x = harmonics(rng, np.full(n, rng.choice([50.0, 60.0, 100.0, 120.0])), rng.integers(3, 40), rng.uniform(0.3, 1.8))
    return unit(unit(x) + rng.uniform(0.02, 0.4) * coloured(rng, n))


def motor(rng, n):
    """Vacuum cleaner, drill, blender, car: harmonics that change speed, on and off."""
    k = max(3, int(n / FS * rng.uniform(0.3, 2)))
    f = np.exp(np.interp(np.arange(n), np.linspace(0, n, k), rng.normal(np.log(rng.uniform(35, 700)), rng.uniform(0.02, 0.35), k)))
    x = unit(harmonics(rng, f, rng.integers(4, 30), rng.uniform(0.2, 1.5))) + rng.uniform(0.1, 1.2) * coloured(rng, n)
    if rng.random() < 0.5:
        x = x * bursts(rng, n, (0.3, 6), (0.3, 4))
    return unit(x)


def bursts(rng, n, on, off, ramp=0.04):
    g = np.zeros(n)
    t = rng.uniform(0, off[1])
    while t * FS < n:
        d = rng.uniform(*on)
        g[int(t * FS):int((t + d) * FS)] = 10 ** (rng.normal(0, 3) / 20)
        t += d + rng.uniform(*off)
    k = max(1, int(ramp * FS))
    return np.convolve(g, np.hanning(k) / np.sum(np.hanning(k)), 'same')


def traffic(rng, n):
    x, t = 0.4 * coloured(rng, n, rng.uniform(-1.1, -0.6)), np.arange(n) / FS
    for _ in range(max(1, int(n / FS / rng.uniform(3, 9)))):
        c, w = rng.uniform(0, n / FS), rng.uniform(0.5, 2.5)
        e = np.exp(-0.5 * ((t - c) / w) ** 2)
        f = rng.uniform(40, 140) * (1 - 0.08 * np.tanh((t - c) / w))
        x = x + e * rng.uniform(0.5, 3) * (coloured(rng, n, rng.uniform(-1, -0.3)) + rng.uniform(0, 1) * unit(harmonics(rng, f, 12, 1)))
    return unit(x)


def events(rng, n, make, gap):
    x = np.zeros(n)
    t = rng.exponential(gap) * 0.5
    while t * FS < n - 200:
        y = make(rng)
        y = y / (np.max(np.abs(y)) + 1e-9) * 10 ** (rng.normal(0, 4) / 20)
        i = int(t * FS)
        y = y[:n - i]
        x[i:i + len(y)] += y
        t += rng.exponential(gap) + rng.uniform(0.02, gap)
    return unit(x + 1e-4 * rng.standard_normal(n))


def ring(rng, modes, seconds, lo, hi, decay):
    t = np.arange(int(seconds * FS)) / FS
    return sum(rng.uniform(0.2, 1) * np.sin(2 * np.pi * np.exp(rng.uniform(np.log(lo), np.log(hi))) * t + rng.uniform(0, 6)) * np.exp(-t / rng.uniform(*decay)) for _ in range(modes))


def hit(rng):
    """Knocks, dishes, doors, dropped things: damped modes and a burst of noise."""
    k = rng.integers(4)
    if k == 0:
        y = ring(rng, 3, 0.3, 50, 300, (0.01, 0.08))
    elif k == 1:
        y = ring(rng, rng.integers(3, 8), 0.8, 900, 6500, (0.02, 0.3))
    elif k == 2:
        y = ring(rng, 6, 0.25, 150, 3000, (0.005, 0.05))
    else:
        L = int(rng.uniform(0.02, 0.4) * FS)
        y = coloured(rng, L) * np.exp(-np.arange(L) / FS / rng.uniform(0.01, 0.15))
    L = min(len(y), int(0.01 * FS))
    y[:L] += rng.uniform(0, 1.5) * np.max(np.abs(y)) * rng.standard_normal(L) * np.exp(-np.arange(L) / rng.uniform(5, 60))
    return y


def rustle(rng):
    L = int(rng.uniform(0.15, 1.4) * FS)
    k = 6 + int(L / FS * rng.uniform(8, 60))
    g = np.interp(np.arange(L), np.linspace(0, L, k), rng.random(k) ** 2)
    return coloured(rng, L, rng.uniform(-0.3, 0.8)) * g * np.hanning(L)


def creak(rng):
    L = int(rng.uniform(0.2, 1.0) * FS)
    ph = np.cumsum(np.interp(np.arange(L), np.linspace(0, L, 4), rng.uniform(15, 260, 4))) / FS
    y = (np.diff(np.floor(ph), prepend=0) > 0).astype(float)
    f, r = rng.uniform(400, 3000), rng.uniform(0.8, 0.97)
    return signal.lfilter([1], [1, -2 * r * np.cos(2 * np.pi * f / FS), r * r], y) * np.hanning(L)


def bumps(rng, n):
    return events(rng, n, lambda r: (hit, rustle, creak, hit)[r.integers(4)](r), rng.uniform(0.3, 2.5))


def keyboard(rng, n):
    res, low, soft = rng.uniform(900, 5500), rng.uniform(80, 400), rng.uniform(0.0008, 0.006)

    def key(r):
        L = int(r.uniform(0.012, 0.06) * FS)
        t = np.arange(L) / FS
        y = r.standard_normal(L) * np.exp(-t / soft) + r.uniform(0, 1.5) * np.sin(2 * np.pi * res * r.uniform(0.8, 1.2) * t) * np.exp(-t / (2 * soft))
        y = y + r.uniform(0, 1) * np.sin(2 * np.pi * low * r.uniform(0.8, 1.2) * t) * np.exp(-t / 0.012)
        up = np.zeros(int(r.uniform(0.05, 0.13) * FS) + L)
        up[:L] = y
        up[-L:] += r.uniform(0.1, 0.8) * y * r.uniform(0.5, 1)
        return up
    return events(rng, n, key, rng.uniform(0.06, 0.25)) * slow(rng, n, 1, 2).astype(np.float32)


def breath(rng, n):
    def one(r):
        L = int(r.uniform(0.25, 1.6) * FS)
        x = coloured(r, L, r.uniform(-0.7, 0.3))
        for _ in range(r.integers(1, 4)):
            f, q = r.uniform(300, 4500), r.uniform(0.7, 0.97)
            x = x + signal.lfilter([1 - q], [1, -2 * q * np.cos(2 * np.pi * f / FS), q * q], x)
        return x * np.sin(np.pi * np.arange(L) / L) ** r.uniform(0.6, 3)
    return events(rng, n, one, rng.uniform(0.6, 3))


def wind(rng, n):
    x = coloured(rng, n, rng.uniform(-2.2, -1.1))
    return unit(x * slow(rng, n, rng.uniform(1, 8), rng.uniform(4, 10)))


def beeps(rng, n):
    """Notifications, alarms, telephone tones, sirens."""
    style = rng.integers(4)
    base = np.exp(rng.uniform(np.log(300), np.log(3200)))

    def one(r):
        L = int(r.uniform(0.05, 0.7) * FS)
        t = np.arange(L) / FS
        f = base * 2 ** (r.integers(-12, 13) / 12)
        if style == 0:
            y = np.sin(2 * np.pi * f * t) + r.uniform(0, 0.5) * np.sin(4 * np.pi * f * t)
        elif style == 1:
            y = np.sin(2 * np.pi * f * t) + np.sin(2 * np.pi * f * 1.25 * t)
        elif style == 2:
            y = ring(r, 4, L / FS, f, 3 * f, (0.05, 0.4))
        else:
            y = harmonics(r, f * 2 ** (r.uniform(0.2, 1) * np.sin(2 * np.pi * r.uniform(0.3, 6) * t)), 6, 1.2)
        return y[:L] * np.minimum(1, np.minimum(np.arange(len(y[:L])), np.arange(len(y[:L]))[::-1]) / 80)
    return events(rng, n, one, rng.uniform(0.15, 1.5))


def barks(rng, n):
    """One dog: fits of one to six barks, half a second apart, all much alike."""
    size, drop, rough, snout = np.exp(rng.uniform(np.log(0.4), np.log(2))), rng.uniform(0.1, 0.9), rng.uniform(0.1, 2), [(rng.uniform(350, 3500), rng.uniform(0.8, 0.97)) for _ in range(rng.integers(1, 4))]
    top, skew, long, room = rng.uniform(0.2, 0.7), rng.uniform(0.1, 0.8), rng.uniform(0.07, 0.35), rng.uniform(0, 0.5)

    def one(r):
        L = int(long * r.uniform(0.7, 1.3) * FS); u = np.linspace(0, 1, L)
        f = size * 420 * r.normal(1, 0.06) * (1 - drop * np.abs(u - top))
        y = unit(harmonics(r, f, 16, rng.uniform(0.3, 1))) * (1 + r.uniform(0, 0.8) * np.sin(2 * np.pi * r.uniform(30, 120) * u * L / FS)) + rough * coloured(r, L, 0)
        for c, q in snout:
            y = 0.3 * y + signal.lfilter([1 - q], [1, -2 * q * np.cos(2 * np.pi * c / FS), q * q], y)
        return unit(y) * u ** (0.5 * skew) * (1 - u) ** (0.4 + skew) * 10 ** (r.normal(0, 2) / 20)
    x, t = np.zeros(n), rng.uniform(0, 3)
    while t * FS < n:
        for _ in range(rng.integers(1, 7)):
            y, i = one(rng), int(t * FS)
            if i < n:
                x[i:i + len(y)] += y[:n - i]
            t += long + rng.uniform(0.12, 0.6)
        t += rng.exponential(rng.choice([0.7, 2, 5]))
    h = rng.standard_normal(int(0.2 * FS)) * 10 ** (-3 * np.arange(int(0.2 * FS)) / (0.2 * FS))
    return unit(x + room * unit(signal.fftconvolve(x, h)[:n]) * np.std(x) + 1e-4 * rng.standard_normal(n))


def animal(rng, n):
    """Barks, meows, bleats, crows, birds, insects: voiced, but not speech."""
    kind = rng.integers(7)
    size = rng.uniform(0.6, 1.6)

    def call(r):
        if kind == 0:    # bark
            L = int(r.uniform(0.08, 0.3) * FS); u = np.linspace(0, 1, L)
            f = size * r.uniform(250, 700) * (1 + r.uniform(0.1, 0.8) * np.sin(np.pi * u ** 0.6))
            y = unit(harmonics(r, f, 12, 0.7)) + r.uniform(0.2, 1.5) * coloured(r, L)
            e = u ** 0.2 * (1 - u) ** r.uniform(0.6, 2)
        elif kind == 1:  # meow, whine
            L = int(r.uniform(0.35, 1.3) * FS); u = np.linspace(0, 1, L)
            f = size * r.uniform(350, 800) * (1 + r.uniform(0.1, 0.5) * np.sin(np.pi * u ** r.uniform(0.6, 1.6)))
            y = harmonics(r, f, 10, 0.9); e = np.sin(np.pi * u) ** 0.7
        elif kind == 2:  # cow, sheep, goat: low, tremolo
            L = int(r.uniform(0.5, 1.8) * FS); u = np.linspace(0, 1, L)
            f = size * r.uniform(80, 320) * (1 + 0.15 * np.sin(np.pi * u) + r.uniform(0, 0.06) * np.sin(2 * np.pi * r.uniform(5, 11) * u * L / FS))
            y = harmonics(r, f, 25, r.uniform(0.3, 1)) * (1 + r.uniform(0, 0.8) * np.sin(2 * np.pi * r.uniform(5, 11) * u * L / FS)); e = np.sin(np.pi * u) ** 0.5
        elif kind == 3:  # crow, duck, rooster: rough
            L = int(r.uniform(0.12, 0.7) * FS); u = np.linspace(0, 1, L)
            f = size * r.uniform(250, 900) * (1 + 0.1 * np.cumsum(r.standard_normal(L)) / np.sqrt(L))
            y = unit(harmonics(r, f, 14, 0.4)) * (1 + 0.9 * np.sin(2 * np.pi * r.uniform(40, 110) * u * L / FS)) + 0.5 * coloured(r, L); e = np.sin(np.pi * u) ** 0.4
        elif kind == 4:  # birds
            L = int(r.uniform(0.04, 0.35) * FS); u = np.linspace(0, 1, L)
            f = r.uniform(1500, 5500) * (1 + r.uniform(-0.4, 0.4) * u + r.uniform(0, 0.2) * np.sin(2 * np.pi * r.uniform(1, 30) * u))
            y = harmonics(r, f, 2, 2); e = np.sin(np.pi * u)
        elif kind == 5:  # crickets, cicadas
            L = int(r.uniform(0.2, 3) * FS); u = np.arange(L) / FS
            y = np.sin(2 * np.pi * r.uniform(2500, 6000) * u) * (0.5 + 0.5 * np.sign(np.sin(2 * np.pi * r.uniform(8, 60) * u))); e = np.hanning(L) ** 0.2
        else:            # growl, purr, snore
            L = int(r.uniform(0.5, 2.2) * FS); u = np.linspace(0, 1, L)
            f = size * np.interp(np.arange(L), np.linspace(0, L, 8), r.uniform(22, 75, 8))
            y = unit(harmonics(r, f, 60, 0.5)) + 0.6 * coloured(r, L, -0.5); e = np.sin(np.pi * u)
        for _ in range(r.integers(0, 3)):   # a snout
            c, q = r.uniform(400, 3500), r.uniform(0.8, 0.96)
            y = signal.lfilter([1 - q], [1, -2 * q * np.cos(2 * np.pi * c / FS), q * q], y)
        return y * e
    return events(rng, n, call, rng.uniform(0.15, 2.0))


def synthmusic(rng, n):
    """Chords, bass, melody with vibrato and slides, drums; each may be missing."""
    x = np.zeros(n + FS)
    beat = rng.uniform(0.2, 0.7)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12] if rng.random() < 0.5 else [0, 2, 3, 5, 7, 8, 10, 12])
    root = rng.uniform(90, 220)
    parts = rng.random(4) < (0.6, 0.6, 0.75, 0.5)
    if not parts.any():
        parts[2] = True
    roll, decay, bright = rng.uniform(0.5, 2.2), rng.uniform(0.15, 2), rng.uniform(0, 0.02)
    t, k, last = 0.0, 0, root * 2
    while t * FS < n:
        step = beat * rng.choice([0.5, 1, 1, 2])
        L = int(step * FS); i = int(t * FS); u = np.arange(L) / FS
        L = min(L, len(x) - i); u = u[:L]
        e = np.exp(-u / decay) * np.minimum(u / 0.008, 1)
        if parts[0] and k % 2 == 0:
            d = rng.integers(len(scale) - 1)
            for s in (0, 2, 4):
                x[i:i + L] += 0.4 * e * harmonics(rng, np.full(L, root * 2 ** ((scale[(d + s) % 7] + 12 * ((d + s) // 7)) / 12)), 8, roll)
        if parts[1]:
            x[i:i + L] += 0.8 * e * harmonics(rng, np.full(L, root / 2 * 2 ** (rng.choice([0, 5, 7]) / 12)), 10, roll)
        if parts[2]:
            f1 = root * 2 * 2 ** (rng.choice(scale) / 12)
            f = last * (f1 / last) ** np.minimum(1, u / rng.uniform(0.01, 0.12)) * (1 + rng.uniform(0, 0.02) * np.sin(2 * np.pi * rng.uniform(4.5, 7) * u))
            last = f1
            lead = harmonics(rng, f, 14, rng.uniform(0.6, 1.8)) * np.minimum(1, np.minimum(u, np.maximum(0, u[-1] - u)) / 0.03)
            x[i:i + L] += rng.uniform(0.3, 1) * lead + bright * rng.standard_normal(L)
        if parts[3]:
            D = min(int(0.12 * FS), L); v = np.arange(D) / FS
            x[i:i + D] += (rng.standard_normal(D) * np.exp(-v / rng.uniform(0.01, 0.05)) if k % 2 else 2 * np.sin(2 * np.pi * 70 * v * np.exp(-4 * v)) * np.exp(-v / 0.05)) * rng.uniform(0.3, 1.5)
        t += step; k += 1
    return unit(x[:n])


def cough(rng, n):
    """Coughs, throat clearing, sniffs, claps: near a mouth, yet no words."""
    def one(r):
        L = int(r.uniform(0.08, 0.45) * FS); u = np.linspace(0, 1, L)
        y = coloured(r, L, r.uniform(-0.6, 0.4))
        for f in (r.uniform(400, 900), r.uniform(1000, 2500)):
            y = y + signal.lfilter([0.1], [1, -2 * 0.93 * np.cos(2 * np.pi * f / FS), 0.93 ** 2], y)
        return y * u ** 0.1 * np.exp(-u * r.uniform(2, 7))
    return events(rng, n, one, rng.uniform(0.5, 3))


KINDS = {'coloured': coloured, 'fan': fan, 'hum': hum, 'motor': motor, 'traffic': traffic, 'bumps': bumps, 'keyboard': keyboard, 'breath': breath,
         'wind': wind, 'beeps': beeps, 'animal': animal, 'barks': barks, 'synthmusic': synthmusic, 'cough': cough}

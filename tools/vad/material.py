"""What the fit hears: voices, music and sounds of Debian packages, and which of them it never does.

Everything lies under one of two roots: packages installed on the machine (/usr) or unpacked with
`dpkg -x` into --root; see README.md for the list. Held-out sources are only ever tested on.
"""
import glob, hashlib, os, subprocess
import numpy as np
import soundfile
from scipy import signal

FS = 16000
HOP = 160
_HP = signal.butter(2, 70 / (FS / 2), 'high', output='sos')
NOT_SPEECH = ('beep', 'monkeys', 'tone', 'silence', 'ascending', 'descending', 'screaming', 'laugh', 'cake', 'jaw', 'harpsi')


def voices(root, tts, queen):
    """name -> (kind, glob); kind human or tts."""
    ast, kt, tux = 'share/asterisk/sounds', '/usr/share/ktuberling/sounds', '/usr/share/tuxpaint/stamps/**'
    hog, kl, fil = f'{root}/usr/share/games/hedgewars/Data/Sounds/voices', f'{root}/usr/share/klettres', f'{root}/usr/share/games/fillets-ng/sound'
    v = {
        'allison-en': f'/usr/{ast}/en_US_f_Allison/**/*.g722', 'allison-es': f'{root}/usr/{ast}/es_MX_f_Allison/**/*.g722', 'co-es': f'{root}/usr/{ast}/es/**/*.gsm',
        'menardi-it': f'{root}/usr/{ast}/it_IT_f_Menardi/**/*.*', 'carlo-it': f'{root}/usr/{ast}/it_IT_m_Carlo/**/*.g722', 'armelle-fr': f'{root}/usr/{ast}/fr/**/*.gsm',
        'fil-cs-m': f'{fil}/*/cs/*-m-*.ogg', 'fil-cs-v': f'{fil}/*/cs/*-v-*.ogg', 'fil-nl-m': f'{fil}/*/nl/*-m-*.ogg', 'fil-nl-v': f'{fil}/*/nl/*-v-*.ogg',
    }
    for lang in ('ca', 'de', 'el', 'en', 'es', 'fi', 'fr', 'ga', 'gl', 'it', 'nds', 'nl', 'nn', 'pt', 'ro', 'ru', 'sl', 'sr', 'sv', 'wa'):
        v[f'kt-{lang}'] = f'{kt}/{lang}/*.*'
    for lang in ('be', 'es', 'fr', 'ru', 'nl', 'da'):
        v[f'tux-{lang}'] = f'{tux}/*_desc_{lang}.ogg'
    for who in ('British', 'Classic', 'Default', 'Default_es', 'Default_pl', 'Default_ru', 'Default_uk', 'HillBilly', 'Mobster', 'Pirate', 'Russian', 'Russian_pl', 'Surfer'):
        v[f'hog-{who}'] = f'{hog}/{who}/*.ogg'
    for lang in ('ar', 'cs', 'da', 'de', 'en', 'en_GB', 'es', 'fr', 'he', 'hu', 'it', 'lt', 'ml', 'nb', 'nds', 'nl', 'pt_BR', 'ru', 'tn', 'uk'):
        v[f'kl-{lang}'] = f'{kl}/{lang}/**/*.ogg'
    # an adventure game's dialogue, coded as MP3 of 16 kbit/s: the hero by himself, the others by scene (queen.py)
    for a in '01235':
        for j in ('J1', 'J[2-9]'):
            v[f'queen-joe-{a}{j[1]}'] = f'{queen}/{a}*{j}.mp3'
    for scene in ('02', '03', '07', '08', '09', '10', '12', '18', '20', '23', '24', '25', '26', '28', '29', '33', '35', '37', '39', '42', '48', '51', '53', '57', '59', '60', '61', '62', '64', '67', '68', '70', '75', '77', '80', '83'):
        v[f'queen-{scene}'] = f'{queen}/{scene}*P?.mp3'
    for scene in ('C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7'):
        v[f'queen-{scene}'] = f'{queen}/{scene}*.mp3'
    out = {name: ('human', g) for name, g in v.items()}
    for d in sorted(glob.glob(f'{tts}/*')):
        if os.path.basename(d) != 'flite-kal':   # a voice of the public test
            out[os.path.basename(d)] = ('tts', d + '/*.wav')
    return out


# whole speakers, and every voice that the public kit tests with, stay out of the fit
HELD_VOICES = ('armelle-fr', 'carlo-it', 'hog-Default_pl', 'hog-Russian_pl', 'kt-nn', 'kt-gl', 'kl-hu', 'kl-pt_BR', 'tux-be', 'festival-hy_fi_mv_diphone',
               'festival-czech_ph', 'queen-26', 'queen-57', 'queen-62', 'queen-75', 'queen-C5', 'espeak-pt-Henrique', 'espeak-pt-Alicia', 'espeak-pt-pedro', 'espeak-pt-m5', 'espeak-tr-', 'espeak-hi-', 'espeak-ko-')


def is_held(name):
    return any(name == h or (h.endswith('-') and name.startswith(h)) for h in HELD_VOICES)


def music(root, font):
    """(fitted, held out); of what a sound font played every eighth is held out. robot_dity and project-system belong to the public test."""
    g = f'{root}/usr/share/games'
    p = glob.glob(f'{g}/wesnoth/**/music/*.ogg', recursive=True) + glob.glob(f'{g}/hedgewars/Data/Music/*.ogg') + glob.glob(f'{root}/usr/share/games/singularity/music/**/*.ogg', recursive=True)
    p += glob.glob(f'{root}/usr/share/**/planetblupi/**/*.ogg', recursive=True) + glob.glob(f'{g}/warzone2100/music/**/*.opus', recursive=True) + glob.glob(f'{g}/warzone2100/music/**/*.ogg', recursive=True)
    p += glob.glob(f'{root}/usr/share/games/hyperrogue/**/*.ogg', recursive=True) + glob.glob(f'{g}/fillets-ng/music/*.ogg') + [x for d in ('', root) for x in glob.glob(f'{d}/usr/share/games/etr/music/*.ogg')]
    p += [f'/usr/share/asterisk/moh/{n}.wav' for n in ('macroform-cold_day', 'macroform-the_simplicity', 'manolo_camp-morning_coffee')]
    p = sorted({x for x in p if os.path.getsize(x) > 300000})
    p += glob.glob(f'{font}/*.ogg')
    held = [x for x in p if 'morning_coffee' in x or int(hashlib.sha256(os.path.basename(x).encode()).hexdigest(), 16) % 8 == 0]
    return [x for x in p if x not in held], held


def sounds(root):
    """Short sounds without a voice in them. Of Tux Paint's only the half that the kit does not test with."""
    p = [x for d in ('', root) for n in ('ball', 'bump', 'bumpbig', 'bumplil', 'coin', 'grow', 'shrink', 'select') for x in glob.glob(f'{d}/usr/share/games/neverball/snd/{n}.ogg')] + [x for d in ('', root) for x in glob.glob(f'{d}/usr/share/games/etr/sounds/*.wav')]
    p += glob.glob(f'{root}/usr/share/games/colobot/sounds/*.*') + glob.glob(f'{root}/usr/share/sounds/**/*.o*', recursive=True)
    p += [x for x in glob.glob(f'{root}/usr/share/sonic-pi/samples/*.flac') if not any(w in x for w in ('choir', 'vocal', 'loop', 'misc'))]
    p += [x for x in glob.glob(f'{root}/usr/share/games/hedgewars/Data/Sounds/*.ogg') if not any(w in x for w in ('hell', 'hog', 'Yoohoo', 'Kiss', 'count', 'custom', 'cake', 'valkyries', 'sudden', 'extratime', 'denied', 'homerun'))]
    tux = [x for d in ('animals', 'household', 'vehicles', 'naturalforces', 'hobbies', 'military', 'town') for e in ('ogg', 'wav') for x in glob.glob(f'/usr/share/tuxpaint/stamps/{d}/**/*.{e}', recursive=True) if '_desc' not in x]
    fit = [x for x in tux if int(hashlib.sha256(os.path.basename(x).encode()).hexdigest(), 16) % 2 == 0]
    return sorted(p), sorted(fit)


def strokes(root, keys, clips):
    """Real keyboards: (fitted, held out). A laptop's through a web conference, six keys of it held out; an old one's for
    fitting, and recorded typing of others for testing."""
    laptop = sorted(glob.glob(f'{keys}/*.wav'))
    held = [p for p in laptop if os.path.basename(p)[0] in '5bhntz']
    return [p for p in laptop if p not in held] + sorted(glob.glob(f'{root}/usr/share/buckle/wav/*.wav'))[::4], held + sorted(glob.glob(f'{clips}/**/keyboard-typing*.ogg', recursive=True))


def blows(root):
    """Drums, weapons and animals of games: no voices."""
    names = ('hatchet', 'mace', 'club', 'sword', 'axe', 'staff', 'spear', 'bow', 'sling', 'wolf', 'horse', 'bat-', 'gryphon', 'hiss', 'tusker', 'water', 'claws', 'bite', 'net', 'gold', 'open-chest', 'knife', 'dart', 'fire', 'horn', 'birds', 'morning', 'night', 'campfire', 'cave-in', 'rumble', 'drake', 'thorns', 'squishy')
    p = [x for x in glob.glob(f'{root}/usr/share/games/wesnoth/*/data/core/sounds/**/*.*', recursive=True) if os.path.basename(x).startswith(names)]
    p += [x for e in ('wav', 'flac') for x in glob.glob(f'{root}/usr/share/hydrogen/**/*.{e}', recursive=True) if not any(w in x.lower() for w in ('vox', 'voice', 'vocal', 'hat', 'cym', 'crash', 'ride', 'scratch', 'speech', 'say', 'yeah', 'hey'))]
    return sorted(x for x in p if int(hashlib.sha256(os.path.basename(x).encode()).hexdigest(), 16) % 4)


def decode(path, seconds=None):
    if not path.endswith(('.g722', '.gsm', '.opus')):
        try:
            with soundfile.SoundFile(path) as f:
                rate = f.samplerate
                x = f.read(rate * seconds if seconds else -1, dtype='float32', always_2d=True).mean(1)
            if rate != FS:
                k = np.gcd(rate, FS)
                x = signal.resample_poly(x, FS // k, rate // k).astype(np.float32)
            return x
        except soundfile.LibsndfileError:
            pass
    pre = ['-f', 'g722'] if path.endswith('.g722') else []
    out = subprocess.run(['ffmpeg', '-v', 'error', *pre, '-i', path, *(['-t', str(seconds)] if seconds else []), '-ac', '1', '-ar', str(FS), '-f', 's16le', '-'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return np.frombuffer(out[:len(out) // 2 * 2], '<i2').astype(np.float32) / 32768


def strokes_of(x):
    """The single strokes in a recording of some, each 0.25 s."""
    x = np.array(x, np.float32) / 32767
    p = frames_power(signal.sosfilt(_HP, x))
    if len(p) < 30:
        return [x / (np.max(np.abs(x)) + 1e-6)] if len(x) else []
    out, i, high = [], 0, np.median(np.sort(p)[-max(3, len(p) // 50):]) * 0.03
    while i < len(p) - 20:
        if p[i] > high:
            y = x[max(0, i - 1) * HOP:(i + 24) * HOP].copy()
            y[-800:] *= np.linspace(1, 0, 800)[:len(y)]
            out.append(y / (np.max(np.abs(y)) + 1e-6))
            i += 24
        i += 1
    return out


def frames_power(x):
    n = len(x) // HOP
    return np.mean(x[:n * HOP].reshape(n, HOP).astype(np.float64) ** 2, axis=1) if n else np.zeros(0)


def runs(s):
    e = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(s, np.int8), [0]))))
    return list(zip(e[::2], e[1::2]))



def label(x):
    """Speech per 10 ms of a clean recording from its own level; pauses up to 0.2 s belong to it."""
    p = frames_power(signal.sosfilt(_HP, x))
    d = 10 * np.log10(np.maximum(np.convolve(p, np.ones(3) / 3, 'same'), 1e-12))
    top, floor = np.percentile(d, 92), np.percentile(d, 5)
    s = d > max(top - 30, min(floor + 10, top - 12), -62)
    r = runs(s)
    for (_, b), (c, _) in zip(r[:-1], r[1:]):
        if c - b <= 20:
            s[b:c] = True
    for a, b in runs(s):
        if b - a < 4:
            s[a:b] = False
    return s


def clip(x):
    """One recording at an active level of 0 dB with its mask, or None."""
    if len(x) < FS * 0.3:
        return None
    m = label(x)
    r = runs(m)
    if not r:
        return None
    a, b = r[0][0], r[-1][1]
    x, m = x[a * HOP:b * HOP], m[a:b]
    if len(x) < FS * 0.2 or m.mean() < 0.5:
        return None
    level = np.mean(frames_power(x)[m])
    if level < 1e-6:
        return None
    x = (x / np.sqrt(level)).astype(np.float32)
    x[:40] *= np.linspace(0, 1, 40)
    x[-40:] *= np.linspace(1, 0, 40)
    return x, m


def load_voice(name, pattern, cache, limit=70):
    """All usable clips of one voice, cached as one array."""
    f = os.path.join(cache, f'voice-{name}.npz')
    if not os.path.exists(f):
        paths = sorted(p for p in glob.glob(pattern, recursive=True) if os.path.isfile(p) and not any(b in os.path.basename(p).lower() for b in NOT_SPEECH) and p.rsplit('.', 1)[-1] in ('g722', 'gsm', 'wav', 'ogg', 'mp3'))
        rng = np.random.default_rng(len(paths))
        if len(paths) > limit:
            paths = [paths[i] for i in sorted(rng.choice(len(paths), limit, replace=False))]
        clips = [c for c in (clip(decode(p)) for p in paths) if c is not None]
        cat = np.concatenate([c[0] for c in clips]) if clips else np.zeros(0, np.float32)
        os.makedirs(cache, exist_ok=True)
        np.savez(f, x=np.clip(cat / 12 * 32767, -32767, 32767).astype(np.int16), m=np.concatenate([c[1] for c in clips]) if clips else np.zeros(0, bool), n=np.array([len(c[0]) for c in clips]), k=np.array([len(c[1]) for c in clips]))
    z = np.load(f)
    x, m, out, i, j = z['x'], z['m'], [], 0, 0
    for n, k in zip(z['n'], z['k']):
        out.append((x[i:i + n], m[j:j + k])); i += n; j += k
    return out


def load_long(path, cache, prefix):
    """A decoded file as int16, memory-mapped."""
    f = os.path.join(cache, prefix + hashlib.sha256(path.encode()).hexdigest()[:16] + '.npy')
    if not os.path.exists(f):
        os.makedirs(cache, exist_ok=True)
        np.save(f'{f}.{os.getpid()}.npy', (decode(path, 100) * 32767).astype(np.int16))
        os.replace(f'{f}.{os.getpid()}.npy', f)
    return np.load(f, mmap_mode='r')

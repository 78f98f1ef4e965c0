#!/usr/bin/python3
"""Fits the network to what make_set.py wrote and writes src/sound/vad_weights.c.

usage: fit.py --set A.npz,B.npz --held H.npz --epochs 40 --model OUT.npy [--start IN] [--c vad_weights.c] [--lib libfit.so]
Sizes must be those of src/sound/vad_weights.h. --start goes on from a model, or from an older vad_weights.c
(inputs and units that it lacks begin at or near zero), or from a mean: A*0.3,B*0.7. Prints the loss, and AUC and F1 of the held-out set.
"""
import argparse, ctypes, re, time
from concurrent.futures import ThreadPoolExecutor
import numpy as np

INPUTS, DELAY, BATCH = 68, 2, 64
LEVEL = np.zeros(INPUTS, np.uint8); LEVEL[:20] = 1; LEVEL[[62, 67]] = 1   # inputs that move with the level
OLD_INPUTS = {44: [*range(40), *range(60, 64)]}     # where the inputs of an older table are now


class Net:
    """The parameters in one array, and views of its parts."""
    def __init__(self, lib, dense, hidden, seed=1):
        self.lib = ctypes.CDLL(lib); self.lib.fit_batch.restype = ctypes.c_float
        self.dense, self.hidden = dense, hidden
        rng = np.random.default_rng(seed)
        self.parts = [('dense_w', (dense, INPUTS), INPUTS), ('dense_b', (dense,), INPUTS), ('input_w', (3 * hidden, dense), hidden), ('input_b', (3 * hidden,), hidden),
                      ('hidden_w', (3 * hidden, hidden), hidden), ('hidden_b', (3 * hidden,), hidden), ('out_w', (hidden,), hidden), ('out_b', (1,), hidden)]
        self.p = np.concatenate([rng.uniform(-1, 1, int(np.prod(s))) / np.sqrt(fan) for _, s, fan in self.parts]).astype(np.float32)

    def part(self, name):
        o = 0
        for n, s, _ in self.parts:
            k = int(np.prod(s))
            if n == name:
                return self.p[o:o + k].reshape(s)
            o += k

    def batch(self, x, y, start, gain, T, grad=None, prob=None):
        ptr = lambda a: a.ctypes.data_as(ctypes.c_void_p) if a is not None else None
        start, gain, count = np.ascontiguousarray(start, np.int64), np.ascontiguousarray(gain, np.float32), ctypes.c_int64()
        loss = self.lib.fit_batch(ptr(self.p), INPUTS, self.dense, self.hidden, T, DELAY, ptr(x), ptr(y), ptr(start), ptr(gain), ptr(LEVEL), ptr(grad), ptr(prob), ctypes.byref(count))
        return loss, count.value

    def run(self, x, frames):
        """Probability of each row of files of `frames` rows, delay taken out."""
        files = len(x) // frames
        out = np.zeros((files, frames), np.float32)
        for k in range(0, files, BATCH):
            start = np.minimum(np.arange(k, k + BATCH), files - 1) * frames
            prob = np.zeros((BATCH, frames), np.float32)
            self.batch(x, None, start, np.zeros(BATCH), frames, prob=prob)
            out[k:k + BATCH] = prob[:files - k]
        return np.concatenate([out[:, DELAY:], np.repeat(out[:, -1:], DELAY, 1)], 1)


    def grow(self, path):
        """Takes over the smaller network of a C table."""
        text = open(path).read()
        table = lambda name: np.array([float(v.rstrip('f')) for v in re.search(r'\b' + name + r'\[\d+\] = \{([^}]*)\}', text).group(1).replace('\n', ' ').split(',') if v.strip()])

        def layer(name):
            scale = table(f'vad_{name}_scale') * ONE[name]
            w = table(f'vad_{name}_w').reshape(-1, len(scale), 2).transpose(1, 0, 2).reshape(len(scale), -1)
            return w * scale[:, None], table(f'vad_{name}_b')
        (dw, db), (iw, ib), (hw, hb), ow = layer('dense'), layer('input'), layer('hidden'), table('vad_out_w')
        D, H, I = len(dw), len(ow), dw.shape[1]
        columns = OLD_INPUTS.get(I, list(range(I)))
        part = self.part
        part('dense_w')[:D] = 0
        part('dense_w')[:D, columns], part('dense_b')[:D] = dw, db
        part('out_w')[:] *= 0.1
        part('out_w')[:H] = ow
        part('out_b')[0] = float(re.search(r'vad_out_b = ([-\d.e]+)f', text).group(1))
        for g in range(3):
            new, old = slice(g * self.hidden, g * self.hidden + H), slice(g * H, g * H + H)
            part('input_w')[new, D:] *= 0.1
            part('hidden_w')[new, H:] *= 0.1
            part('input_w')[new, :D], part('input_b')[new] = iw[old], ib[old]
            part('hidden_w')[new, :H], part('hidden_b')[new] = hw[old], hb[old]


def auc(p, y):
    order = np.argsort(p, kind='stable')
    rank = np.empty(len(p)); rank[order] = np.arange(1, len(p) + 1)
    n1 = int(y.sum()); n0 = len(y) - n1
    return (rank[y].sum() - n1 * (n1 + 1) / 2) / max(1, n1 * n0)


def f1(d, y):
    return 2 * (d & y).sum() / max(1, 2 * (d & y).sum() + (d & ~y).sum() + (~d & y).sum())


def judge(p, lab, what):
    """AUC and F1, frames next to a change of the label left out, by condition."""
    use = (lab == 0) | (lab == 2)
    change = np.diff((lab > 0).astype(int), axis=1) != 0
    use[:, 1:] &= ~change; use[:, :-1] &= ~change; use[:, :50] = False
    groups = {'all': np.ones(len(what), bool)}
    groups.update({f'SNR {s}': np.array([w.endswith('/' + s) for w in what]) for s in ('99', '20', '10', '5', '0')})
    groups.update({k: np.array([w.split('/')[1] == k for w in what]) for k in sorted({w.split('/')[1] for w in what})})
    groups['no babble'] = np.array(['babble' not in w for w in what])
    groups['portuguese'] = np.array(['espeak-pt' in w or 'pt_BR' in w for w in what])
    return {k: (auc(p[s][use[s]], lab[s][use[s]] > 0), f1(p[s][use[s]] >= 0.5, lab[s][use[s]] > 0)) for k, s in groups.items() if s.any()}


WEIGHT_MAX = 2047
ONE = {'dense': 1024, 'input': 512, 'hidden': 8191}   # VAD_..._ONE of vad_weights.h


def write_c(net, path):
    def table(name, ctype, cells):
        lines = ',\n    '.join(', '.join(cells[i:i + 10]) for i in range(0, len(cells), 10))
        return f'const {ctype} {name}[{len(cells)}] = {{\n    {lines},\n}};\n\n'

    def floats(name, a):
        v = [f'{np.float32(x):.6g}' for x in a.ravel()]
        return table(name, 'float', [(s if '.' in s or 'e' in s else s + '.0') + 'f' for s in v])

    def layer(name):
        """Rows of whole numbers, symmetric, each with a scale of its own; two inputs side by side."""
        w = net.part(name + '_w').astype(np.float64)
        scale = np.abs(w).max(1) / WEIGHT_MAX
        q = np.rint(w / scale[:, None]).astype(int)
        pairs = q.reshape(len(q), -1, 2).transpose(1, 0, 2)
        return table(f'vad_{name}_w', 'int16_t', [str(x) for x in pairs.ravel()]) + floats(f'vad_{name}_scale', scale / ONE[name]) + floats(f'vad_{name}_b', net.part(name + '_b'))
    with open(path, 'w') as f:
        f.write('/* Made by tools/vad/fit.py; do not edit. */\n#include "sound/vad_weights.h"\n\n')
        f.write(f'_Static_assert(VAD_DENSE == {net.dense} && VAD_HIDDEN == {net.hidden}, "the sizes that were fitted");\n')
        f.write(f'_Static_assert(VAD_WEIGHT_MAX == {WEIGHT_MAX} && VAD_INPUT_ONE == {ONE["dense"]} && VAD_DENSE_ONE == {ONE["input"]} && VAD_HIDDEN_ONE == {ONE["hidden"]},\n               "the scales");\n\n// clang-format off\n')
        f.write(layer('dense') + layer('input') + layer('hidden') + floats('vad_out_w', net.part('out_w')))
        f.write(f'const float vad_out_b = {float(net.part("out_b")[0]):.6g}f;\n// clang-format on\n')


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--set', default=''); ap.add_argument('--held', default=''); ap.add_argument('--epochs', type=int, default=40); ap.add_argument('--rate', type=float, default=4e-3)
    ap.add_argument('--model', required=True); ap.add_argument('--start', default=''); ap.add_argument('--c', default=''); ap.add_argument('--lib', default='/tmp/snd/libfit.so')
    ap.add_argument('--dense', type=int, default=48); ap.add_argument('--hidden', type=int, default=96); ap.add_argument('--seed', type=int, default=1); ap.add_argument('--threads', type=int, default=2); ap.add_argument('--chunk', type=int, default=500, help='rows of 20 ms that back-propagation goes through')
    ap.add_argument('--lean', type=float, default=0.0, help='added to the logit in the C table: mixtures hold more noise than meetings do')
    a = ap.parse_args()
    net = Net(a.lib, a.dense, a.hidden, a.seed)
    if a.start:
        total = 0
        for path, _, share in (part.partition('*') for part in a.start.split(',')):
            if path.endswith('.c'):
                net.grow(path)
            else:
                net.p = np.load(path)
            total = total + float(share or 1) * net.p
        net.p = total.astype(np.float32)
    z = [np.load(f) for f in a.set.split(',') if f]
    held = np.load(a.held) if a.held else None
    rng = np.random.default_rng(a.seed)
    if z:
        frames = z[0]['inputs'].shape[1]
        x = np.concatenate([q['inputs'] for q in z]).astype(np.float32).reshape(-1, INPUTS)
        y = np.concatenate([q['labels'] for q in z]).reshape(-1)
        files = len(x) // frames
        steps = len(x) // (a.chunk * BATCH * a.threads)
        m, v, n = np.zeros_like(net.p), np.zeros_like(net.p), 0
        pool = ThreadPoolExecutor(a.threads)
        for epoch in range(a.epochs):
            t0, total, terms = time.time(), 0.0, 0
            for _ in range(steps):
                grads = [np.zeros_like(net.p) for _ in range(a.threads)]
                jobs = [(rng.integers(files, size=BATCH) * frames + rng.integers(max(1, frames - a.chunk), size=BATCH), rng.uniform(-14, 10, BATCH)) for _ in grads]
                r = list(pool.map(lambda j: net.batch(x, y, j[0][0], j[0][1], a.chunk, grad=j[1]), zip(jobs, grads)))
                count = sum(c for _, c in r)
                g = sum(grads) / count
                g *= min(1, 1 / (np.linalg.norm(g) + 1e-9))
                n += 1
                rate = a.rate * 0.5 * (1 + np.cos(np.pi * n / (steps * a.epochs))) * min(1, n / 50)
                m += 0.1 * (g - m); v += 0.001 * (g * g - v)
                net.p -= rate * (m / (1 - 0.9 ** n)) / (np.sqrt(v / (1 - 0.999 ** n)) + 1e-8)
                total += sum(q for q, _ in r); terms += count
            line = f'epoch {epoch + 1} loss {total / terms:.4f} {time.time() - t0:.0f} s'
            if held is not None and (epoch % 5 == 4 or epoch == a.epochs - 1):
                h = judge(net.run(held['inputs'].astype(np.float32).reshape(-1, INPUTS), held['inputs'].shape[1]), held['labels'], list(held['what']))['all']
                line += f' held out: AUC {h[0]:.4f} F1 {h[1]:.4f}'
            print(line, flush=True)
            np.save(a.model, net.p)
    if held is not None:
        for k, (u, f) in judge(net.run(held['inputs'].astype(np.float32).reshape(-1, INPUTS), held['inputs'].shape[1]), held['labels'], list(held['what'])).items():
            print(f'{k:12s} AUC {u:.4f} F1 {f:.3f}')
    if a.c:
        net.part('out_b')[:] += a.lean
        write_c(net, a.c)


if __name__ == '__main__':
    main()

// Sound that the speech detector takes for speech.
const VOWELS = [[730, 1090, 2440], [270, 2290, 3010], [570, 840, 2410], [530, 1840, 2480], [300, 870, 2240]];

// A talking machine: pulses of a gliding pitch through three formants that move from vowel to vowel,
// 4.5 syllables a second, silent from 4 s to 6 s.
export function talk(rate, seconds) {
  const formants = [0, 1, 2].map(() => ({ a1: 0, a2: 0, gain: 0, y1: 0, y2: 0 }));
  let phase = 0, seed = 5;
  return Float64Array.from({ length: rate * seconds }, (_, i) => {
    const t = i / rate, at = t * 4.5, within = at % 1, now = Math.floor(at) % 5;
    const blend = Math.min(1, within * 3);
    if (i % 64 === 0) {
      formants.forEach((f, j) => {
        const hz = VOWELS[(now + 4) % 5][j] * (1 - blend) + VOWELS[now][j] * blend;
        const r = Math.exp(-Math.PI * (60 + 30 * j) / rate);
        Object.assign(f, { a1: 2 * r * Math.cos(2 * Math.PI * hz / rate), a2: -r * r, gain: 1 - r });
      });
    }
    phase += (125 + 25 * Math.sin(0.8 * Math.PI * t) - 15 * within) / rate;
    const pulse = phase >= 1 ? rate / 530 * Math.sin(Math.PI * Math.min(1, within * 1.1 + 0.02)) : 0;
    phase %= 1;
    const y = formants.reduce((sum, f, j) => {
      const out = f.gain * pulse + f.a1 * f.y1 + f.a2 * f.y2;
      f.y2 = f.y1;
      f.y1 = out;
      return sum + out / (1 + j);
    }, 0);
    seed = (seed * 1664525 + 1013904223) >>> 0;
    return (t >= 4 && t < 6 ? 0 : y * 0.5) + (seed / 2 ** 32 - 0.5) * 1e-3;
  });
}

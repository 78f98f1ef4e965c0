// The page's own arithmetic, without a browser: what it makes of the stream, what it shows of that, and what it writes into files.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Clock } from '../../web/core/clock.js';
import { cleanName, isolated, nameOf } from '../../web/core/names.js';
import { en } from '../../web/lang/en.js';
import { es } from '../../web/lang/es.js';
import { ptBR } from '../../web/lang/pt-BR.js';
import { CARDS_MAX, Intake, MOODS, openTopics, reasonsOf } from '../../web/live/cards.js';
import { calmChoice, moodOf } from '../../web/live/calm.js';
import { Second, runsOf, stateOf, unpackRibbon } from '../../web/live/ribbon.js';
import { applyEvent, newLive, pruneTopics, restoreLive } from '../../web/live/state.js';
import { EventParser } from '../../web/net/sse.js';
import { PLAIN, dialectOf, fileName, reportCsv, toCsv, withOffset } from '../../web/report/export.js';
import { readRoute } from '../../web/views/route.js';
import { feedbackOf, levelsOf, packed, reportOf, snapshotOf } from '../fakes/talk.mjs';

const NOW = Date.UTC(2026, 10, 30, 18, 0);

test('a stream is read the same whole and byte by byte', () => {
  const text = ': alive\r\nretry: 1500\n\nid: 7\nevent: feedback\ndata: {"a":1,\r\ndata: "b":"é"}\r\n\r\ndata:x\n\nevent: lost\n\nid: 8\ndata\n\n';
  const whole = new EventParser(), all = whole.take(text), single = new EventParser();
  const one = [...text].flatMap((letter) => single.take(letter));
  assert.deepEqual(one, all);
  assert.deepEqual(all, [{ name: 'feedback', data: '{"a":1,\n"b":"é"}', id: '7' }, { name: 'message', data: 'x', id: '7' }, { name: 'message', data: '', id: '8' }]);
  assert.equal(whole.retryMs, 1500);
});

test('a page that was opened late knows what one knows that was open since the beginning', () => {
  const early = newLive(), late = newLive(), first = snapshotOf({ now: NOW, minutes: 0 });
  first.ribbon = { from: NOW, cellMs: 1000, cells: [] };
  applyEvent(early, 'snapshot', first);
  const said = [];
  for (let i = 0; i <= 3000; i++) {
    applyEvent(early, 'levels', levelsOf(first, NOW + i * 100, i));
    if (i % 500 === 250) {
      const feedback = feedbackOf(said.length + 1, { who: said.length % 2, ts: NOW + i * 100 });
      said.push(feedback);
      applyEvent(early, 'feedback', feedback);
    }
  }
  const now = NOW + 300000, open = [0, 1].map((who) => {
    const all = said.filter((one) => one.participantId === `p${who}`);
    return { count: all.length, firstTs: all[0].ts, feedback: all.at(-1) };
  });
  applyEvent(late, 'snapshot', { ...first, now, seq: said.length, open, ribbon: { from: NOW, cellMs: 1000, cells: early.rows.map((row) => packed(row.cells)) } });
  const shown = (live) => ({ people: live.rows.map((row) => [row.id, row.cells]), topics: live.topics.map((topic) => [topic.key, topic.times.length, topic.feedback.id]), seq: live.seq });
  assert.deepEqual(shown(late), shown(early));
  assert.equal(early.rows[0].cells.length, 300);

  // What is played back twice is counted once; a clone goes on as the original does.
  assert.equal(applyEvent(late, 'feedback', said[0]), false);
  const copy = restoreLive(structuredClone(late));
  applyEvent(copy, 'levels', levelsOf(first, now + 1000, 1));
  assert.equal(copy.rows[0].cells.length, 300);
});

test('after a lost connection nothing is missing and nothing is counted twice', () => {
  const live = newLive();
  applyEvent(live, 'snapshot', snapshotOf({ now: NOW, seq: 0 }));
  for (let seq = 1; seq <= 3; seq++) applyEvent(live, 'feedback', feedbackOf(seq, { ts: NOW + seq }));
  // The snapshot of the next connection counts what will be played back behind it.
  applyEvent(live, 'snapshot', snapshotOf({ now: NOW + 5000, seq: 5, open: [{ count: 5, firstTs: NOW + 1, feedback: feedbackOf(5, { ts: NOW + 5 }) }] }));
  for (const seq of [4, 5]) applyEvent(live, 'feedback', feedbackOf(seq, { ts: NOW + seq }));
  assert.equal(live.topics[0].times.length, 5);
  applyEvent(live, 'gap', { after: 5, next: 120 });
  assert.equal(live.lost, 114);
  // A server that counts anew.
  applyEvent(live, 'snapshot', snapshotOf({ now: NOW + 9000, seq: 1, open: [] }));
  assert.deepEqual([live.seq, live.topics.length], [1, 0]);
  applyEvent(live, 'feedback', feedbackOf(2, { ts: NOW + 9001 }));
  assert.equal(live.topics.length, 1);
  pruneTopics(live, NOW + 9001 + 600001);
  assert.equal(live.topics.length, 0);
});

test('ribbons follow the rules of docs/report.md', () => {
  assert.equal(unpackRibbon('3.s2o'), '...soo');
  assert.equal(unpackRibbon('9999999999.').length, 400000);
  assert.deepEqual(runsOf('..so'), [['.', 0, 2], ['s', 2, 1], ['o', 3, 1]]);
  const second = (flags) => flags.reduce((one, flag) => (one.add(flag), one), new Second()).letter();
  const tenths = (count, flag, other) => Array.from({ length: 10 }, (_, i) => (i < count ? flag : other));
  assert.equal(second(tenths(2, 7, 1)), 'o');
  assert.equal(second(tenths(1, 7, 1)), '.');
  assert.equal(second(tenths(2, 3, 1)), 's');
  assert.equal(second(tenths(5, 17, 1)), 'g');
  assert.equal(second(tenths(5, 9, 1)), 'm');
  assert.equal(second(tenths(10, 0, 0)), '-');
  assert.equal(second([]), ' ');
  assert.deepEqual([7, 3, 17, 9, 1, 0].map(stateOf), ['overlaps', 'speaks', 'gap', 'muted', 'silent', 'away']);
});

test('a hundred events a minute for ten minutes are at most twenty cards, and the counts are exact', () => {
  const live = newLive(), intake = new Intake();
  applyEvent(live, 'snapshot', snapshotOf({ people: 30, now: NOW }));
  const types = ['volume_baixo', 'volume_alto', 'ritmo_acelerado'], counts = new Map();
  let seq = 0, most = 0, previous = 0, lastMinute = [];
  for (let ms = 0; ms < 600000; ms += 600) {
    const feedback = feedbackOf(++seq, { type: types[seq % 3], who: (seq * 7) % 30, ts: NOW + ms });
    counts.set(`${feedback.type} ${feedback.participantId}`, (counts.get(`${feedback.type} ${feedback.participantId}`) ?? 0) + 1);
    applyEvent(live, 'feedback', feedback);
    const { cards } = intake.take(openTopics(live.topics, [], NOW + ms, { moods: false }), NOW + ms);
    for (let n = previous; n < cards.length; n++) lastMinute.push(ms);
    previous = cards.length;
    lastMinute = lastMinute.filter((at) => ms - at < 60000);
    assert.ok(lastMinute.length <= 3, 'about two a minute');
    most = Math.max(most, cards.length);
  }
  assert.ok(most <= CARDS_MAX && most > 10, `${most} cards`);
  for (const topic of live.topics) assert.equal(topic.times.length, counts.get(topic.key));
  assert.equal(live.topics.length, counts.size);
});

test('what is settled, silenced, resting or a mood is left out, for that person and that type alone', () => {
  const live = newLive();
  applyEvent(live, 'snapshot', snapshotOf({ now: NOW }));
  const types = ['volume_baixo', 'monologo_prolongado', 'frustracao_crescente'];
  types.forEach((type, i) => [1, 2].forEach((who) => applyEvent(live, 'feedback', feedbackOf(i * 2 + who, { type, who, ts: NOW }))));
  const open = (verdicts, now = NOW, moods = false) => openTopics(live.topics, verdicts.map((one, i) => ({ id: `${i}`, ...one })), now, { moods }).map((topic) => topic.key).sort();
  const all = ['monologo_prolongado p1', 'monologo_prolongado p2', 'volume_baixo p1', 'volume_baixo p2'];
  assert.deepEqual(open([]), all);
  assert.equal(open([], NOW, true).length, 6);
  assert.ok(MOODS.has('frustracao_crescente'));
  const quiet = { verdict: 'quiet', type: 'volume_baixo', participantId: 'p1', until: NOW + 1000 };
  assert.deepEqual(open([quiet]), all.filter((key) => key !== 'volume_baixo p1'));
  assert.deepEqual(open([quiet], NOW + 1000), all, 'until then, and no longer');
  assert.deepEqual(open([{ ...quiet, participantId: '*', until: null }]), all.slice(0, 2));
  assert.deepEqual(open([{ verdict: 'told', type: 'volume_baixo', participantId: 'p2', ts: NOW }]), all.slice(0, 3));
  assert.deepEqual(open([{ verdict: 'wrong', type: 'volume_baixo', participantId: 'p2', ts: NOW - 1 }]), all, 'it came again');
  assert.deepEqual(open([{ verdict: 'mark', type: 'presents', participantId: 'p1' }]), all.slice(1));
  assert.deepEqual(open([{ verdict: 'mark', type: 'class' }]), all.slice(2));
});

test('the calm view keeps its two cards in their places', () => {
  const topic = (key, severity, ts) => ({ key, type: key, participantId: 'p1', times: [ts], feedback: { severity, ts } });
  const a = topic('a', 'warning', 1), b = topic('b', 'warning', 2), c = topic('c', 'warning', 3), d = topic('d', 'critical', 4);
  assert.deepEqual(calmChoice([c, b, a], new Set(['a', 'b']), 2), [a, b]);
  assert.deepEqual(calmChoice([d, c, b, a], new Set(['a', 'b']), 2).map((one) => one.key).sort(), ['a', 'd'].sort());
  const live = newLive();
  assert.equal(moodOf({ stream: 'connecting', live, open: [] }), 'connecting');
  applyEvent(live, 'snapshot', snapshotOf({ now: NOW }));
  assert.equal(moodOf({ stream: 'live', live, open: [] }), 'well');
  assert.equal(moodOf({ stream: 'live', live, open: [a] }), 'look');
  assert.equal(moodOf({ stream: 'live', live, open: [d] }), 'attention');
  assert.equal(moodOf({ stream: 'away', live, open: [d] }), 'away');
});

test('a card says the numbers of its event', () => {
  const { metadata, ...feedback } = feedbackOf(1);
  assert.deepEqual(reasonsOf({ ...feedback, metadata }), { value: metadata.rmsDbfs, unit: 'dbfs', limit: metadata.limit, windowSeconds: metadata.windowSeconds,
    speechShare: metadata.speechCoverage, why: metadata.why, delayMs: metadata.delayMs });
  assert.equal(reasonsOf({ type: 'unknown_to_this_page', metadata: { limit: 'x' } }).value, null);
});

test('names turn nothing around', () => {
  assert.equal(cleanName('a\u202eb\u0000c\u200f'), 'abc');
  assert.equal(cleanName('\u2067abc'), '\u2067abc\u2069', 'what is opened is closed');
  assert.equal(cleanName('abc\u2069'), 'abc', 'and nothing closes what is around');
  assert.equal(Array.from(cleanName('😀'.repeat(200))).length, 80);
  assert.equal(nameOf({ name: '\u202e', participantId: 'ana' }), 'ana');
  assert.equal(isolated('x'), '\u2068x\u2069');
});

test('ages come from the server and never run backwards', () => {
  let mono = 1000;
  const clock = new Clock(() => mono);
  clock.hear(NOW);
  mono += 5000;
  assert.equal(clock.age(NOW), 5);
  assert.equal(clock.age(NOW + 60000), 0, 'never negative');
  clock.hear(NOW + 4000); // a message that took a second
  assert.equal(clock.now(), NOW + 5000);
  clock.hear(NOW + 5200);
  assert.equal(clock.now(), NOW + 5200);
});

test('CSV opens right where it is opened, and runs nothing', () => {
  const hostile = ['=cmd|\' /C calc\'!A0', '+1', '-1+2', '@SUM(1)', '\tx', 'a"b', 'a;b', 'a,b', 'plain'];
  assert.equal(toCsv([hostile.slice(0, 5)], PLAIN), '\'=cmd|\' /C calc\'!A0,\'+1,\'-1+2,\'@SUM(1),\'\tx\r\n');
  assert.equal(toCsv([[...hostile.slice(5), -1.5, null]], dialectOf('pt-BR')), '\ufeff"a""b";"a;b";a,b;plain;-1,5;\r\n');
  assert.equal(toCsv([[1.5]], dialectOf('en')), '\ufeff1.5\r\n');
  const report = reportOf({ people: 3 });
  report.people[1].name = '=HYPERLINK("http://x")';
  const csv = reportCsv(report, (key) => ptBR[key], dialectOf('pt-BR'));
  assert.equal(csv.split('\r\n').length, 5);
  assert.match(csv, /"'=HYPERLINK\(""http:\/\/x""\)"/);
  assert.match(withOffset(NOW), /^2026-\d\d-\d\dT\d\d:00:00[+-]\d\d:\d\d$/);
  assert.match(fileName({ roomName: '../Açaí & Cia', startedAt: NOW }, 'csv'), /^prosa-[\p{L}\p{N}._-]+-2026-11-30\.csv$/u);
});

test('addresses are read', () => {
  const read = (hash) => {
    const { view, id, params } = readRoute(hash);
    return [view, id, params.get('token')];
  };
  assert.deepEqual(read('#token=a.b.c'), ['', '', 'a.b.c']);
  assert.deepEqual(read('#/live/daily%2Fone?token=x&at=1'), ['live', 'daily/one', 'x']);
  assert.deepEqual(read('#/report/%E0%'), ['report', '%E0%', null]);
  assert.deepEqual(read(''), ['', '', null]);
});

test('the languages say the same', () => {
  const holes = (entry) => [entry].flat().map((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort().join());
  for (const [name, words] of Object.entries({ en, es })) {
    assert.deepEqual(Object.keys(words).sort(), Object.keys(ptBR).sort(), name);
    for (const key of Object.keys(words)) {
      assert.equal(Array.isArray(words[key]), Array.isArray(ptBR[key]), `${name} ${key}`);
      assert.deepEqual(new Set(holes(words[key])), new Set(holes(ptBR[key])), `${name} ${key}`);
    }
  }
});

test('what the first view needs is asked for at once', async () => {
  const root = new URL('../../web/', import.meta.url), needed = new Set();
  const follow = async (url) => {
    if (needed.has(url.href)) return;
    needed.add(url.href);
    const text = await readFile(url, 'utf8');
    for (const [, path] of text.matchAll(/^(?:import|export) (?:[^;]*? from )?'(\.[^']+)';/gm)) await follow(new URL(path, url));
  };
  await follow(new URL('main.js', root));
  needed.delete(new URL('main.js', root).href);
  const listed = [...(await readFile(new URL('index.html', root), 'utf8')).matchAll(/modulepreload" href="([^"]+)"/g)].map(([, path]) => new URL(path, root).href);
  assert.deepEqual(listed.sort(), [...needed].sort());
});

test('nothing in the page becomes markup, and every word is used', async () => {
  const root = new URL('../../web/', import.meta.url), files = (await readdir(root, { recursive: true })).filter((name) => /\.(js|html|css)$/.test(name));
  let all = '';
  for (const name of files) {
    const text = await readFile(new URL(name, root), 'utf8');
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|setAttribute\('style'|\beval\(|new Function|createContextualFragment|DOMParser/, name);
    assert.doesNotMatch(text.replaceAll('http://www.w3.org/2000/svg', ''), /https?:\/\//, `${name} names nothing elsewhere`);
    if (!name.startsWith('lang')) all += text;
  }
  const made = /^(type|severity|state|status|mood|kind|mark|marks|ribbon|unit|report|settled)\./;
  for (const key of Object.keys(ptBR)) assert.ok(made.test(key) || all.includes(`'${key}'`), `${key} is used`);
  const listed = await readFile(new URL('meson.build', root), 'utf8');
  for (const name of files) assert.ok(listed.includes(`'${name}'`), `${name} is in web/meson.build`);
});

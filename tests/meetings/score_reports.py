#!/usr/bin/python3
"""Compares reports with the scripts of their meetings: score_reports.py --meetings DIR --reports DIR --events DIR.

DIR/NAME/truth.json is the script, REPORTS/NAME.json what `prosa report` made of the recordings, EVENTS/NAME.jsonl what `prosa analyze` told.
From the script alone, in another way than the server's: who spoke how long, and so each share of the talk. Fails when a share is more than two
points beside it, or when the report's events are not those that were told. Speech that the script has while the microphone was muted, dead or
cut off reached nobody, so it is taken out."""
import argparse
import glob
import json
import os
import sys
from collections import Counter

TOLERANCE = 0.02
EVENTS_MAX = 500


def cut(spans, holes):
    """What is left of spans of time outside the holes, in seconds."""
    left = 0.0
    for start, end in spans:
        edges = [(max(start, a), min(end, b)) for a, b in holes if a < end and b > start]
        at, inside = start, 0.0
        for a, b in sorted(edges):
            inside += max(0.0, b - max(a, at))
            at = max(at, b)
        left += end - start - inside
    return left


def shares(truth):
    spoken = {}
    for person in truth['participants']:
        holes = [tuple(hole) for name in ('muted', 'deadMic', 'networkGaps') for hole in person.get(name, [])]
        spoken[person['id']] = cut([(one[0], one[1]) for one in person.get('speech', [])], holes)
    whole = sum(spoken.values())
    return {name: seconds / whole for name, seconds in spoken.items()} if whole > 5 else {}


def main():
    parser = argparse.ArgumentParser()
    for name in ('meetings', 'reports', 'events'):
        parser.add_argument(f'--{name}', required=True)
    options = parser.parse_args()
    worst, bad, count = (0.0, ''), [], 0
    for path in sorted(glob.glob(os.path.join(options.reports, '*.json'))):
        scene, report = os.path.basename(path)[:-5], json.load(open(path))
        wanted = shares(json.load(open(os.path.join(options.meetings, scene, 'truth.json'))))
        got = {person['participantId']: person['talkShare'] or 0.0 for person in report['people']}
        count += 1
        for name, share in wanted.items():
            off = abs(got.get(name, 0.0) - share)
            worst = max(worst, (off, f'{scene} {name}'))
            if off > TOLERANCE:
                bad.append(f'{scene} {name}: {got.get(name, 0.0):.3f} of the talk, {share:.3f} by the script')
        told = [json.loads(line) for line in open(os.path.join(options.events, scene + '.jsonl'))]
        kinds = Counter((one['type'], one['participantId']) for one in told[:EVENTS_MAX])
        if kinds != Counter((one['type'], one['participantId']) for one in report['events']):
            bad.append(f'{scene}: the events of the report are not those that were told')
        if report['eventCounts'] != dict(Counter(one['type'] for one in told)):
            bad.append(f'{scene}: eventCounts are not those that were told')
    print(f'{count} reports; a share of the talk is at most {100 * worst[0]:.1f} points beside the script ({worst[1]}); {len(bad)} beyond two points or with other events')
    for line in bad:
        print('  ' + line)
    sys.exit(1 if bad or count == 0 else 0)


if __name__ == '__main__':
    main()

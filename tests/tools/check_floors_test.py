"""What tools/check_floors must find, each planted in a small house of its own."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[2] / 'tools' / 'check_floors'


def check(files):
    """Runs the check over a house of these files ({name: lines}): its exit code and what it says."""
    with tempfile.TemporaryDirectory() as house:
        for name, lines in files.items():
            path = pathlib.Path(house, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('\n'.join(lines) + '\n')
        run = subprocess.run([sys.executable, CHECK, house], capture_output=True, text=True, timeout=60)
        return run.returncode, run.stdout


def include(name):
    return f'#include "{name}"'


class CheckFloors(unittest.TestCase):
    def finds(self, files, sentence):
        code, said = check(files)
        self.assertEqual(code, 1, said)
        self.assertIn(sentence, said)

    def test_a_sound_house_passes(self):
        code, said = check({
            'base/buf.h': [], 'base/buf.c': [include('base/buf.h')],
            'net/loop.h': [include('base/buf.h')],
            'net/http/http_private.h': [include('net/loop.h')],
            'net/http/http_conn.c': [include('net/http/http_private.h')],
            'app/rest/body.c': [include('net/loop.h')],
        })
        self.assertEqual((code, said), (0, 'floors: 6 passed, 0 failed\n'))

    def test_nothing_to_check_is_a_failure(self):
        self.assertEqual(check({})[0], 1)

    def test_a_climb_to_a_floor_above(self):
        self.finds({'wire/web/ws.c': [include('net/loop.h')], 'net/loop.h': []},
                   'wire/web/ws.c:1: wire may not include net/loop.h')

    def test_a_climb_to_a_room_above(self):
        self.finds({'app/accounts/auth.c': ['', include('app/hosts/hosts.h')], 'app/hosts/hosts.h': []},
                   'app/accounts/auth.c:2: app/accounts may not include app/hosts/hosts.h')

    def test_a_private_header_of_another_folder(self):
        self.finds({'app/hosts/hosts.c': [include('app/accounts/auth_private.h')], 'app/accounts/auth_private.h': []},
                   'app/accounts/auth_private.h is private to its folder')

    def test_a_folder_that_is_no_room(self):
        self.finds({'app/attic/box.h': []}, 'app/attic/box.h: this folder is no room')
        self.finds({'app/box.h': []}, 'app/box.h: this folder is no room')

    def test_a_pure_floor_that_reads_the_clock(self):
        self.finds({'meeting/talk.c': [include('base/clock.h')], 'base/clock.h': []},
                   'meeting is pure and may not include base/clock.h')
        self.finds({'sound/vad.c': ['#include <unistd.h>']}, 'sound is pure and may not include <unistd.h>')

    def test_a_circle_of_headers(self):
        self.finds({'base/a.h': [include('base/b.h')], 'base/b.h': [include('base/c.h')], 'base/c.h': [include('base/a.h')]},
                   'a circle of headers: base/a.h base/b.h base/c.h')

    def test_a_circle_of_modules(self):
        self.finds({'net/loop.h': [], 'net/loop.c': [include('net/timer.h')], 'net/timer.h': [], 'net/timer.c': [include('net/loop.h')]},
                   'a circle of modules: net/loop net/timer')

    def test_a_family_round_a_private_header_is_one_module(self):
        code, said = check({
            'meeting/meeting_private.h': [include('meeting/meeting.h')], 'meeting/meeting.h': [],
            'meeting/talk.h': [], 'meeting/talk.c': [include('meeting/meeting_private.h'), include('meeting/turns.h')],
            'meeting/turns.h': [], 'meeting/turns.c': [include('meeting/meeting_private.h'), include('meeting/talk.h')],
        })
        self.assertEqual(code, 0, said)

    def test_a_circle_of_rooms(self):
        self.finds({'outside/disk/a.h': [include('outside/files/b.h')], 'outside/files/b.h': [],
                    'outside/files/c.c': [include('outside/disk/d.h')], 'outside/disk/d.h': []},
                   'a circle of rooms: outside/disk outside/files')

    def test_a_file_and_a_function_that_are_too_long(self):
        self.finds({'base/long.c': ['call();'] * 501}, 'base/long.c: 501 lines')
        self.finds({'base/long.c': ['int f(void) {', *['    call();'] * 60, '}']}, 'base/long.c:1: a function of 62 lines')


if __name__ == '__main__':
    run = unittest.main(exit=False, verbosity=0)
    failed = len(run.result.failures) + len(run.result.errors)
    print(f'{pathlib.Path(__file__).stem}: {run.result.testsRun - failed} passed, {failed} failed')
    sys.exit(1 if failed or not run.result.testsRun else 0)

"""docs/architecture.md is a map: each folder of src/ stands in it once, and every name in it exists."""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / 'docs' / 'architecture.md').read_text()
SRC = ROOT / 'src'
SOURCES = {path: path.read_text() for path in SRC.rglob('*') if path.is_file()}
CODE = '\n'.join(SOURCES.values())
FILES = {path.stem for path in SOURCES}


def is_there(name):
    """A path, a file of src/ without its ending, or a word of the code (functions without their brackets)."""
    if '/' in name:
        return any((base / name).exists() or list(base.glob(name + '.[ch]')) for base in (ROOT, SRC))
    name = name.removesuffix('()')
    return name in FILES or re.search(rf'\b{re.escape(name)}\b', CODE) is not None


class Architecture(unittest.TestCase):
    def test_each_folder_stands_in_the_map_once(self):
        for folder in sorted(str(path.relative_to(SRC)) + '/' for path in SRC.rglob('*') if path.is_dir()):
            with self.subTest(folder=folder):
                self.assertEqual(len(re.findall(rf'(?<![\w/]){re.escape(folder)}(?![\w/])', PAGE)), 1)

    def test_no_folder_is_invented(self):
        for folder in set(re.findall(r'(?<![\w/.])((?:base|wire|sound|net|meeting|outside|app)/(?:[a-z]+/)?)(?![\w])', PAGE)):
            with self.subTest(folder=folder):
                self.assertTrue((SRC / folder).is_dir())

    def test_every_name_exists(self):
        names = set(re.findall(r'`([\w./]+(?:\(\))?)`', PAGE))
        self.assertGreater(len(names), 50)
        for name in sorted(names):
            with self.subTest(name=name):
                self.assertTrue(is_there(name), name)

    def test_every_step_of_a_way_is_a_file(self):
        ways = ''.join(re.findall(r'\n## The way of .*?(?=\n## )', PAGE, re.DOTALL))
        steps = re.findall(r'^\d+\. `(\w+)`', ways, re.MULTILINE)
        self.assertGreater(len(steps), 25)
        for step in steps:
            with self.subTest(step=step):
                self.assertTrue(step in FILES, step)

    def test_every_thread_is_named(self):
        started = re.findall(r'(?:thread|station)_start\([^;]*?"([\w-]+)"', CODE)
        self.assertGreater(len(started), 5)
        table = PAGE.split('## Threads')[1].split('\n## ')[0]
        for name in started:
            with self.subTest(thread=name):
                self.assertIn(f'**{name}**', table)


if __name__ == '__main__':
    run = unittest.main(exit=False, verbosity=0)
    failed = len({str(test) for test, _ in run.result.failures + run.result.errors})
    print(f'{pathlib.Path(__file__).stem}: {max(run.result.testsRun - failed, 0)} passed, {failed} failed')
    sys.exit(1 if failed or not run.result.testsRun else 0)

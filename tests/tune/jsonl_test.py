import tempfile
import unittest
from pathlib import Path

from tune.answers import Example
from tune.jsonl import append_lines, read_lines


class TestAppendLines(unittest.TestCase):
    def test_appends_after_the_last_complete_line(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "lines.jsonl")
            self.assertEqual(read_lines(path), [])
            append_lines(path, [{"n": 1}, {"n": 2}])
            path.write_bytes(path.read_bytes() + b'{"n": 3, "to')
            self.assertEqual(read_lines(path), [{"n": 1}, {"n": 2}])
            append_lines(path, [{"n": 4}])
            self.assertEqual(read_lines(path), [{"n": 1}, {"n": 2}, {"n": 4}])


class TestExample(unittest.TestCase):
    def test_holds_a_small_part_out_by_prompt(self):
        held = [Example([n], [1, 2, 3]).held_out for n in range(1000)]
        self.assertTrue(10 < sum(held) < 60)
        self.assertEqual(held, [Example([n], [9]).held_out for n in range(1000)])

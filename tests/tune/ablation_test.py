import tempfile
import unittest
from collections import defaultdict
from unittest.mock import patch

from _tiny import some_examples, tiny
from train_test import Silent

from tune import ablation
from tune.jsonl import append_lines, read_lines
from tune.options import parser
from tune.text import TextCache

VARIANTS = {"plain": {}, "no prompts": {"prompt_tokens": 0}, "4 masks": {"masks": 4}}


def options(folder):
    lines = [{"prompt": e.prompt, "answer": e.answer} for e in some_examples(200)]
    append_lines(f"{folder}/answers.jsonl", lines)
    line = f"ablate --model none --data {folder}/answers.jsonl --run {folder}/run --steps 2"
    return parser(defaultdict(str)).parse_args([*line.split(), "--batch", "2", "--groups", "4"])


@patch.object(ablation, "VARIANTS", VARIANTS)
class TestAblation(unittest.TestCase):
    def test_judges_each_variant_once(self):
        with tempfile.TemporaryDirectory() as folder:
            args, texts = options(folder), TextCache(tiny(), 1 << 24)
            stops = iter([False] * 5 + [True] * 9)  # within the second variant
            how = {"live": Silent(), "stopped": lambda: next(stops)}
            first = ablation.ablate(args, tiny(), texts, **how)
            self.assertLess(len(first), len(VARIANTS))
            how["stopped"] = lambda: False
            lines = ablation.ablate(args, tiny(), texts, **how)
            self.assertEqual(lines[: len(first)], first)
            self.assertEqual([line["variant"] for line in lines], list(VARIANTS))
            self.assertEqual(read_lines(f"{folder}/run/ablation.jsonl"), lines)
        rows = ablation.table(lines).split("\n")
        self.assertEqual(len(rows), 2 + len(VARIANTS))
        self.assertTrue(rows[3].startswith("| no prompts | "))


if __name__ == "__main__":
    unittest.main()

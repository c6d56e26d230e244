import unittest

from _tiny import some_ids, tiny

from tune.decode import decode
from tune.text import read_text

NEW = 12


def greedy(logits):
    return logits.argmax(-1)


def one_by_one(prompt, end):
    """Reads the whole text again for each token."""
    text = []
    while len(text) < NEW and (not text or text[-1] != end):
        hidden = read_text(tiny(), prompt + text).hidden
        text.append(tiny().logits(hidden[-1]).argmax().item())
    return text


class TestDecode(unittest.TestCase):
    def test_decodes_each_text_as_if_alone(self):
        often, *rare = (some_ids(n, f"prompt {n}") for n in (6, 9, 1, 12))
        prompts = [often, rare[0], often, often, rare[1], often, rare[2]]
        # More than half end early, so that their rows are dropped on the way.
        end = one_by_one(often, end=-1)[3]
        found = decode(tiny(), prompts, new_tokens=NEW, end=end, pick=greedy)
        self.assertEqual(found, [one_by_one(prompt, end) for prompt in prompts])
        self.assertEqual([len(text) for text in found], [4, NEW, 4, 4, NEW, 4, NEW])

    def test_stops_when_all_have_ended(self):
        prompts = [some_ids(4)] * 3
        end = one_by_one(prompts[0], end=-1)[0]
        found = decode(tiny(), prompts, new_tokens=NEW, end=end, pick=greedy)
        self.assertEqual(found, [[end]] * 3)

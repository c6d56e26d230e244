import tempfile
import unittest

from _tiny import some_ids, tiny

from tune.decode import decode
from tune.states import Recording, StateFiles

LAYERS = (0, 1)


def greedy(logits):
    return logits.argmax(-1)


def answer(prompts, end, recording=None):
    return decode(tiny(), prompts, new_tokens=12, end=end, pick=greedy, recording=recording)


class TestStates(unittest.TestCase):
    def test_states_of_decoding_and_of_reading_are_equal(self):
        prompts = [some_ids(n, f"prompt {n}") for n in (6, 9, 1, 12)]
        end = answer(prompts, end=-1)[0][3]  # one ends early, and its row is dropped
        recording = Recording(tiny(), LAYERS)
        answers = answer(prompts, end, recording)
        with tempfile.TemporaryDirectory() as folder:
            files = StateFiles(folder, tiny(), LAYERS)
            for i, (prompt, text) in enumerate(zip(prompts, answers)):
                ids = prompt + text
                said = recording.states(i, len(ids) - 1)
                read = files.read(ids)
                self.assertEqual(said.shape, (len(ids) - 1, 3 * tiny().config.dim))
                self.assertLess((said.float() - read.float()).abs().max().item(), 1e-2)

    def test_reads_a_text_once(self):
        ids = some_ids(7)
        with tempfile.TemporaryDirectory() as folder:
            first = StateFiles(folder, tiny(), LAYERS).read(ids)
            again = StateFiles(folder, tiny(), LAYERS)
            again.write(ids, first + 1)
            self.assertTrue(again.read(ids).equal(first + 1))
            other = StateFiles(folder, tiny(), LAYERS[:1]).read(ids)
            self.assertEqual(other.shape[1], 2 * tiny().config.dim)


if __name__ == "__main__":
    unittest.main()

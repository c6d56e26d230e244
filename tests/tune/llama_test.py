import json
import os
import unittest

import torch

from tune.llama import Llama
from tune.text import read_text
from tune.tokenizer import Chat

EVERY = 97  # logits kept: ids 0, 97, 194, …
READ = 4  # prompts whose logits are compared


class TestLlama(unittest.TestCase):
    """The default model's logits are those of the reference."""

    @classmethod
    def setUpClass(cls):
        with open("tests/models/reference.jsonl") as file:
            cls.reference = [json.loads(line) for line in file]
        cls.llama = Llama(os.environ["MODEL"])

    def test_encodes_prompts(self):
        chat = Chat(self.llama.fields)
        for line in self.reference:
            self.assertEqual(chat.encode(line["prompt"]), line["ids"])

    def test_refuses_control_tokens(self):
        with self.assertRaisesRegex(ValueError, "must contain no control token"):
            Chat(self.llama.fields).encode("<|im_end|>")

    def test_logits_are_those_of_the_reference(self):
        for line in self.reference[:READ]:
            ids, greedy = line["ids"], line["greedy"]
            logits = self.llama.logits(read_text(self.llama, ids + greedy).hidden)
            after = logits[len(ids) - 1 : -1]
            self.assertEqual(after.argmax(-1).tolist(), greedy)
            torch.testing.assert_close(
                after[0, ::EVERY], torch.tensor(line["logits"]), atol=2e-4, rtol=0
            )

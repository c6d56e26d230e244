import json
import os
import unittest

import torch

from tune.llama import Llama
from tune.text import read_text
from tune.tokenizer import CUTS, NORMAL, Chat, build_tokenizer

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

    def test_splits_texts_as_other_code(self):
        fields = self.llama.fields

        def field(name, default=None):
            found = fields.get(f"tokenizer.{name}")
            return default if found is None else found.contents()

        with open("tests/text/golden.jsonl") as file:
            golden = [json.loads(line) for line in file]
        for pre in CUTS.keys() - {"starcoder"}:  # which is cut as smollm
            types = [NORMAL] * len(field("ggml.tokens"))
            other = {"ggml.pre": pre, "ggml.token_type": types}
            tokenizer = build_tokenizer(
                lambda name, default=None: other.get(name) or field(name, default)
            )
            found = [(text, ids) for name, text, ids in golden if name == pre]
            self.assertGreaterEqual(len(found), 100, pre)
            for text, ids in found:
                self.assertEqual(tokenizer.encode(text).ids, ids, text)

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

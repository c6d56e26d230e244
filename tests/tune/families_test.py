import json
import os
import unittest
from functools import cache

import torch
from _tiny import some_ids
from gguf import GGUFReader

from tune.adapter import Adapter, Shape
from tune.answers import Example
from tune.decode import decode
from tune.draws import draws
from tune.llama import Llama
from tune.loss import Loss
from tune.text import TextCache, read_text
from tune.tokenizer import build_tokenizer
from tune.train import Plan, Trainer

FAMILIES = ("llama", "qwen3", "gemma3")
VARIANTS = ("llama-factors", "llama-linear", "llama-biases", "qwen2", "gemma3-linear")
EVERY = 7  # logits that PyTorch's file has: ids 0, 7, 14, …
NEW = 8
STEPS = 24


def greedy(logits):
    return logits.argmax(-1)


@cache
def family(name):
    return Llama(f"{os.environ['FAMILIES']}/{name}.gguf")


class TestFamilies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(f"{os.environ['FAMILIES']}/text.json") as file:
            cls.text = json.load(file)
        with open("tests/models/architectures/pytorch.jsonl") as file:
            cls.golden = {line["name"]: line["logits"] for line in map(json.loads, file)}

    def test_logits_are_those_of_other_code(self):
        for name in FAMILIES + VARIANTS:
            hidden = read_text(family(name), self.text["ids"]).hidden
            for length, expected in zip(self.text["lengths"], self.golden[name]):
                logits = family(name).logits(hidden[length - 1])[::EVERY]
                torch.testing.assert_close(
                    logits, torch.tensor(expected), atol=1e-4, rtol=0, msg=f"{name} {length}"
                )

    def test_decodes_together_as_each_text_alone(self):
        for name in FAMILIES:
            model, ids = family(name), self.text["ids"]
            prompts = [ids[:90], ids[50:60], ids[:61]]  # two of them reach beyond a window
            found = decode(model, prompts, new_tokens=NEW, end=-1, pick=greedy)
            for prompt, answer in zip(prompts, found):
                logits = model.logits(read_text(model, prompt + answer).hidden)
                rows = logits[len(prompt) - 1 : -1]
                self.assertEqual(rows.argmax(-1).tolist(), answer, name)

    def test_learns_to_draft(self):
        for name in FAMILIES:
            model, prompts = family(name), [some_ids(70, f"prompt {i}") for i in range(2)]
            answers = decode(model, prompts, new_tokens=40, end=-1, pick=greedy)
            examples = [Example(*pair) for pair in zip(prompts, answers)]
            adapter = Adapter(model.config, Shape(prompts=4))
            adapter.start_from_text(model, examples[0].ids, draws("start"))
            plan = Plan(
                loss=Loss(), steps=STEPS, batch=2, groups=8, rate=2e-2, warm_up=2, offset=50
            )
            texts = TextCache(model, 1 << 24)
            trainer = Trainer(model, adapter, examples, plan=plan, texts=texts)
            losses = [trainer.advance()["loss"] for _ in range(plan.steps)]
            self.assertLess(sum(losses[-3:]), 0.95 * sum(losses[:3]), name)

    def test_refuses_what_it_would_not_compute(self):
        for name in "granite", "phi3":
            with self.assertRaisesRegex(ValueError, "must be one of llama, qwen2, qwen3, gemma3"):
                family(name)


class TestSentencePiece(unittest.TestCase):
    def test_ids_are_those_of_other_code(self):
        with open(f"{os.environ['FAMILIES']}/spm.json") as file:
            texts = json.load(file)
        with open("tests/text/sentence_piece/golden.jsonl") as file:
            golden = [json.loads(line) for line in file]
        for prefix, expected in enumerate(golden):
            fields = GGUFReader(f"{os.environ['FAMILIES']}/spm-{prefix}.gguf").fields

            def field(name, default=None):
                found = fields.get(f"tokenizer.{name}")
                return default if found is None else found.contents()

            tokenizer = build_tokenizer(field)
            for text, ids in zip(texts, expected):
                if "<s>" in text:
                    continue  # which is a control token here
                self.assertEqual(tokenizer.encode(text).ids, ids, text)

import tempfile
import unittest
from pathlib import Path

from _tiny import some_ids, tiny

from tune.answers import encode_prompts, read_examples, write_answers
from tune.jsonl import append_lines, read_lines
from tune.self_prompts import LENGTHS, to_prompt, write_prompts
from tune.tokenizer import Chat


class Silent:
    def show(self, line):
        pass


class TestWritePrompts(unittest.TestCase):
    def test_fills_a_file_over_several_starts(self):
        chat = Chat(tiny().fields)
        options = {"batch": 16, "seed": 0, "live": Silent()}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "prompts.jsonl")
            write_prompts(tiny(), chat, path, count=2, **options)
            first = read_lines(path)
            write_prompts(tiny(), chat, path, count=5, **options)
            lines = read_lines(path)
        self.assertEqual(lines[:2], first)
        self.assertEqual(len({line["prompt"] for line in lines}), 5)


class TestToPrompt(unittest.TestCase):
    def test_takes_messages_that_end_in_time(self):
        chat = Chat(tiny().fields)
        word = chat.tokenizer.encode("and so on").ids
        self.assertEqual(to_prompt(chat, word + [chat.end]), "and so on")
        self.assertIsNone(to_prompt(chat, word))
        self.assertIsNone(to_prompt(chat, word[:1] + [chat.end]))
        self.assertIsNone(to_prompt(chat, word[:1] * LENGTHS.stop + [chat.end]))

    def test_refuses_control_tokens(self):
        chat = Chat(tiny().fields)
        control = chat.tokenizer.encode("so <|im_start|> on").ids
        self.assertIsNone(to_prompt(chat, control + [chat.end]))


class TestEncodePrompts(unittest.TestCase):
    def test_leaves_out_what_cannot_be_learned_from(self):
        prompts = ["one", "two", "one", "<|im_end|>", "long " * 100]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "prompts.jsonl")
            append_lines(path, [{"prompt": prompt} for prompt in prompts])
            chat = Chat(tiny().fields)
            found = encode_prompts(chat, path, longest=60)
        self.assertEqual(found, [chat.encode("one"), chat.encode("two")])


class TestWriteAnswers(unittest.TestCase):
    def test_answers_what_is_not_answered_yet(self):
        prompts = [some_ids(4 + n % 3, f"prompt {n}") for n in range(7)]
        options = {"new_tokens": 6, "batch": 2, "end": -1, "live": Silent()}
        with tempfile.TemporaryDirectory() as folder:
            path, whole = Path(folder, "some.jsonl"), Path(folder, "whole.jsonl")
            write_answers(tiny(), prompts[:3], path, **options)
            write_answers(tiny(), prompts, path, **options)
            write_answers(tiny(), prompts, whole, **options)
            found = {tuple(e.prompt): e.answer for e in read_examples(path, least=6)}
            expected = {tuple(e.prompt): e.answer for e in read_examples(whole, least=6)}
            self.assertEqual(len(read_lines(path)), len(prompts))
        self.assertEqual(found, expected)
        self.assertEqual(len(found), len(prompts))

import json
import tempfile
import unittest
from dataclasses import asdict

import torch
from _tiny import some_examples, tiny
from train_test import Silent, run

from tune.adapter import Adapter, Shape
from tune.adapter_file import add_hydra, copy_hydra, read_adapter, read_hydra, write_adapter
from tune.hydra import HydraPlan, HydraTrainer, common_tokens
from tune.loss import NO_LABEL
from tune.places import Places
from tune.run import read_checkpoint
from tune.states import StateFiles

STEPS = 6


LAYERS = (1,)


def places(examples):
    with tempfile.TemporaryDirectory() as folder:
        files = StateFiles(folder, tiny(), LAYERS)
        return Places(files, examples, depth=3, live=Silent())


def new_trainer(steps=STEPS, **plan):
    plan = HydraPlan(
        steps=steps, batch=16, width=32, words=40, layers=LAYERS, warm_up=2, **plan
    )
    examples = some_examples(5)
    vocab = common_tokens(tiny(), examples, plan.words)
    return HydraTrainer(tiny(), places(examples), vocab=vocab, plan=plan)


class TestHydra(unittest.TestCase):
    def test_resumes_with_the_same_numbers(self):
        whole, begun, resumed = (new_trainer(average=4) for _ in range(3))
        with tempfile.TemporaryDirectory() as folder:
            run(whole, folder)
        with tempfile.TemporaryDirectory() as folder:
            run(begun, folder, stop_at=2)
            self.assertEqual(read_checkpoint(folder)["step"], 2)
            run(resumed, folder)
        self.assertEqual(resumed.curve, whole.curve)
        for mine, other in ((resumed.hydra, whole.hydra), (resumed.mean, whole.mean)):
            for one, two in zip(mine.parameters(), other.parameters()):
                self.assertTrue(torch.equal(one, two))

    def test_averages_its_steps_and_where_it_started(self):
        other = new_trainer(seed=1).hydra.state_dict()
        trainer = new_trainer(average=2)
        trainer.start_from(other)
        trainer.advance()
        seen = other["w1"] / 2 + trainer.hydra.w1.detach() / 2
        self.assertTrue(torch.allclose(trainer.mean.w1, seen))
        trainer.advance()
        seen = seen / 2 + trainer.hydra.w1.detach() / 2
        self.assertTrue(torch.allclose(trainer.mean.w1, seen))

    def test_learns_its_texts(self):
        trainer = new_trainer(steps=200, rate=1e-2)
        first = trainer.advance()
        with tempfile.TemporaryDirectory() as folder:
            run(trainer, folder, stop_at=200)
        self.assertLess(trainer.curve[-1]["loss"], 0.7 * first["loss"])
        self.assertGreater(trainer.curve[-1]["top1"][0], first["top1"][0] + 0.2)

    def test_starts_from_another_head(self):
        first, second = new_trainer(), new_trainer(seed=1)
        with tempfile.TemporaryDirectory() as folder:
            run(first, folder)
        tensors = first.hydra.state_dict()
        second.start_from(tensors)
        for mine, other in zip(second.hydra.parameters(), first.hydra.parameters()):
            self.assertTrue(torch.equal(mine, other))
        with self.assertRaisesRegex(ValueError, "w1 must be"):
            second.hydra.start_from(tensors | {"w1": tensors["w2"]})

    def test_reads_a_head_from_a_file(self):
        trainer = new_trainer()
        shape = Shape(masks=1, prompts=1)
        metadata = {"base_sha256": tiny().digest, "shape": json.dumps(asdict(shape))}
        with tempfile.NamedTemporaryFile() as file:
            write_adapter(file.name, Adapter(tiny().config, shape), metadata)
            with self.assertRaisesRegex(ValueError, "received None"):
                read_hydra(file.name, tiny(), LAYERS)
            add_hydra(file.name, trainer, {}, torch.float32)
            words, found = read_hydra(file.name, tiny(), LAYERS)
            with self.assertRaisesRegex(ValueError, "must read layers \\[0\\]"):
                read_hydra(file.name, tiny(), (0,))
        self.assertTrue(torch.equal(words, trainer.hydra.vocab))
        for name, parameter in trainer.hydra.named_parameters():
            self.assertTrue(torch.equal(found[name], parameter))

    def test_copies_a_head_into_another_file(self):
        trainer = new_trainer()
        shape = Shape(masks=1, prompts=1)
        metadata = {"base_sha256": tiny().digest, "shape": json.dumps(asdict(shape))}
        with tempfile.TemporaryDirectory() as folder:
            old, new = f"{folder}/old", f"{folder}/new"
            for path in old, new:
                write_adapter(path, Adapter(tiny().config, shape), metadata | {"path": path})
            with self.assertRaisesRegex(ValueError, "must have one: received none"):
                copy_hydra(old, new)
            add_hydra(old, trainer, {}, torch.float32)
            copy_hydra(old, new)
            words, found = read_hydra(new, tiny(), LAYERS)
            self.assertEqual(read_adapter(new, tiny())[1]["path"], new)
            write_adapter(new, Adapter(tiny().config, shape), metadata | {"base_sha256": "abc"})
            with self.assertRaisesRegex(ValueError, "must be tuned for abc"):
                copy_hydra(old, new)
        self.assertTrue(torch.equal(words, trainer.hydra.vocab))
        for name, parameter in trainer.hydra.named_parameters():
            self.assertTrue(torch.equal(found[name], parameter))

    def test_places_are_within_a_text(self):
        examples = some_examples(3)
        texts = places(examples)
        self.assertEqual(len(texts.places), sum(len(e.ids) - 4 for e in examples))
        _, _, tokens, _ = texts.read(texts.answers[1])
        answer = torch.tensor(examples[1].answer)
        self.assertTrue(torch.equal(tokens[0], answer[:4]))
        self.assertTrue(torch.equal(tokens[-1], answer[-4:]))

    def test_counts_tokens_without_a_word_as_missed(self):
        trainer = new_trainer()
        trainer.index[:] = -1
        drafts = trainer.judge(trainer.places)
        self.assertTrue(all((d.ranks == NO_LABEL - 1).all() for d in drafts))

    def test_words_are_the_common_ones(self):
        words = common_tokens(tiny(), some_examples(5), 40)
        self.assertEqual(words.tolist(), sorted(set(words.tolist())))
        every = [token for example in some_examples(5) for token in example.answer]
        self.assertIn(max(set(every), key=every.count), words.tolist())
        self.assertEqual(len(common_tokens(tiny(), some_examples(1), 250)), 250)


if __name__ == "__main__":
    unittest.main()

import tempfile
import unittest

import torch
from _tiny import EXTENDED, some_examples, tiny

from tune.adapter import Adapter, Shape
from tune.draws import draws
from tune.loss import Loss
from tune.run import read_checkpoint, train
from tune.text import TextCache
from tune.train import Plan, Trainer

STEPS = 6


class Silent:
    def show(self, line):
        pass

    note = show


def new_trainer(cache=1 << 20, steps=STEPS, average=0, **shape):
    adapter = Adapter(tiny().config, Shape(prompts=4, **shape))
    examples = some_examples(5)
    adapter.start_from_text(tiny(), examples[0].ids, draws("start"))
    plan = Plan(
        loss=Loss(), steps=steps, batch=3, groups=8, average=average, warm_up=2, offset=50
    )
    return Trainer(tiny(), adapter, examples, plan=plan, texts=TextCache(tiny(), cache))


def run(trainer, folder, stop_at=STEPS):
    train(
        trainer,
        folder,
        seconds=float("inf"),
        save_seconds=float("inf"),
        stopped=lambda: trainer.step >= stop_at,
        live=Silent(),
    )


class TestTrain(unittest.TestCase):
    def test_resumes_with_the_same_numbers(self):
        whole = new_trainer(average=4, **EXTENDED)
        with tempfile.TemporaryDirectory() as folder:
            run(whole, folder)
        with tempfile.TemporaryDirectory() as folder:
            run(new_trainer(average=4, **EXTENDED), folder, stop_at=2)
            self.assertEqual(read_checkpoint(folder)["step"], 2)
            resumed = new_trainer(cache=0, average=4, **EXTENDED)
            run(resumed, folder)
        self.assertEqual(resumed.curve, whole.curve)
        for mine, other in (resumed.adapter, whole.adapter), (resumed.mean, whole.mean):
            for one, two in zip(mine.parameters(), other.parameters()):
                self.assertTrue(torch.equal(one, two))

    def test_averages_its_steps_without_the_start(self):
        trainer = new_trainer(average=2)
        expected = torch.zeros(())
        for share in (1, 1 / 2, 1 / 2):
            trainer.advance()
            now = trainer.adapter.mask_embeddings.detach()
            expected = expected + (now - expected) * share
        self.assertTrue(torch.allclose(trainer.mean.mask_embeddings, expected))
        self.assertFalse(torch.allclose(trainer.adapter.mask_embeddings, expected))

    def test_refuses_to_resume_another_plan(self):
        with tempfile.TemporaryDirectory() as folder:
            run(new_trainer(), folder, stop_at=1)
            with self.assertRaisesRegex(ValueError, "Cannot resume: the plan"):
                run(new_trainer(steps=STEPS + 1), folder)

    def test_moves_every_parameter(self):
        trainer = new_trainer(**EXTENDED)
        before = [p.detach().clone() for p in trainer.adapter.parameters()]
        for _ in range(2):  # the first step leaves `a` as it is, since b is zero
            trainer.advance()
        for old, new in zip(before, trainer.adapter.parameters()):
            self.assertFalse(torch.equal(old, new))

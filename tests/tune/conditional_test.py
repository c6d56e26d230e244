import tempfile
import unittest
from itertools import product
from pathlib import Path

import torch
from _tiny import some_adapter, some_examples, tiny
from train_test import Silent, run

from tune.best_nodes import accepted_of_best
from tune.conditional import (
    Conditional,
    ConditionalPlan,
    ConditionalTrainer,
    mean_loss,
    ranks_of,
)
from tune.draft import draft
from tune.draws import draws
from tune.guesses import KEPT, GuessFiles, Guesses
from tune.layout import all_anchors, lay_out
from tune.loss import NO_LABEL, ranks
from tune.text import read_text

STEPS = 6
VOCAB = torch.arange(0, 256, 2)


def files(folder):
    adapter = Path(folder, "adapter")
    adapter.write_bytes(b"adapter")
    return GuessFiles(f"{folder}/guesses", tiny(), some_adapter(masks=3, prompts=2), adapter)


def some_guesses(anchors, masks=2, name="guesses"):
    """Returns guesses whose label depends on the token before and not on the logits."""
    generator = draws(name)
    order = torch.stack([torch.randperm(256, generator=generator) for _ in range(anchors * masks)])
    tokens = order.view(anchors, masks, 256)[..., :KEPT]
    logits = torch.randn(tokens.shape, generator=generator).sort(-1, descending=True).values
    at = torch.randint(KEPT, (anchors, masks, 1), generator=generator)
    labels = tokens.gather(-1, at)[..., 0]
    return Guesses(tokens, logits, (labels + 2) % 256, labels)


def new_trainer(**plan):
    plan = ConditionalPlan(**{"steps": STEPS, "batch": 32, "rank": 8, "warm_up": 2} | plan)
    return ConditionalTrainer(tiny(), some_guesses(400), vocab=VOCAB, plan=plan)


class TestGuessFiles(unittest.TestCase):
    def test_keeps_what_masks_guess(self):
        example = some_examples(1)[0]
        with tempfile.TemporaryDirectory() as folder:
            found, again = files(folder).read(example), files(folder).read(example)
        text = read_text(tiny(), example.ids)
        adapter = some_adapter(masks=3, prompts=2)
        layout = lay_out(text.ids, all_anchors(example), 3)
        with torch.no_grad():
            logits = tiny().logits(draft(tiny(), adapter, text, layout))
        for one, two in zip(vars(found).values(), vars(again).values()):
            self.assertTrue(torch.equal(one, two))
        mine = ranks_of(found.logits + torch.arange(KEPT, 0, -1), found)
        others = ranks(logits, layout.labels)
        self.assertEqual(mine[mine < KEPT].tolist(), others[others < KEPT].tolist())

    def test_the_token_before_is_the_one_before_the_label(self):
        example = some_examples(1)[0]
        with tempfile.TemporaryDirectory() as folder:
            found = files(folder).read(example)
        self.assertEqual(found.before[0].tolist(), example.answer[:3])
        self.assertEqual(found.labels[0].tolist(), example.answer[1:4])
        self.assertEqual(found.labels[-1].tolist(), [example.answer[-1], -1, -1])


class TestConditional(unittest.TestCase):
    def test_resumes_with_the_same_numbers(self):
        whole, begun, resumed = (new_trainer() for _ in range(3))
        with tempfile.TemporaryDirectory() as folder:
            run(whole, folder)
        with tempfile.TemporaryDirectory() as folder:
            run(begun, folder, stop_at=2)
            run(resumed, folder)
        self.assertEqual(resumed.curve, whole.curve)

    def test_learns_what_follows_a_token(self):
        trainer = new_trainer(steps=150, rate=2e-2)
        with tempfile.TemporaryDirectory() as folder:
            run(trainer, folder, stop_at=150)
        unseen = some_guesses(200, name="unseen")
        judged = trainer.judge([unseen])
        self.assertGreater(
            judged["conditional"]["top"][1][0], judged["plain"]["top"][1][0] + 0.1
        )
        self.assertLess(judged["conditional"]["loss"], judged["plain"]["loss"] - 0.1)

    def test_a_score_is_of_its_pair(self):
        head = Conditional(tiny(), VOCAB, masks=2, rank=4, generator=draws("head"))
        guesses = some_guesses(3)
        prev, after = head.tables()
        scores = head.on_path(guesses)
        scale, gain, _, _ = head.depth[1]
        for a, k in product(range(3), range(KEPT)):
            token, before = guesses.tokens[a, 1, k].item(), guesses.before[a, 1].item()
            known = token % 2 == 0 and before % 2 == 0
            pair = prev[before // 2] @ after[token // 2] if known else torch.tensor(0.0)
            beside = guesses.logits[a, 1, k] - guesses.logits[a, 1, 0]
            self.assertAlmostEqual(
                scores[a, 1, k].item(), (scale * beside + gain * pair).item(), places=4
            )

    def test_counts_what_no_guess_hits_as_missed(self):
        guesses = some_guesses(2)
        guesses.labels[0, 0] = guesses.labels[1, 1] = -1
        guesses.tokens[0, 1, guesses.tokens[0, 1] == guesses.labels[0, 1]] = 999
        scores = torch.zeros(2, 2, KEPT + 1)
        scores[0, 1, KEPT] = 1000
        found = ranks_of(scores, guesses)
        self.assertEqual(found[0].tolist(), [NO_LABEL, NO_LABEL - 1])
        self.assertEqual(found[1].tolist(), [0, NO_LABEL])
        expected = torch.tensor(KEPT + 1.0).log() / 2  # a sure one, and one at random
        self.assertAlmostEqual(mean_loss(scores, guesses).item(), expected.item(), places=4)


class TestBestNodes(unittest.TestCase):
    def test_counts_the_nodes_on_the_path_among_the_likeliest(self):
        head = Conditional(tiny(), VOCAB, masks=2, rank=4, generator=draws("head"))
        guesses = some_guesses(40)
        for nodes in 3, 40:
            found = accepted_of_best(head, guesses, nodes)
            self.assertEqual(found.tolist(), [slowly(head, guesses, a, nodes) for a in range(40)])
        self.assertGreater(found.max(), 0)


@torch.no_grad()
def slowly(head, guesses, anchor, nodes):
    """Counts for one anchor, path by path."""
    tokens, logits = guesses.tokens[anchor], guesses.logits[anchor]
    labels, chances = guesses.labels[anchor].tolist(), {}
    before = guesses.before[anchor, 0].view(1, 1)
    first = head.scores(tokens[:1], logits[:1], before, 0).softmax(-1)[0, 0]
    for i, token in enumerate(tokens[0].tolist()):
        chances[token,] = first[i].item()
        then = head.scores(tokens[1:], logits[1:], torch.tensor([[token]]), 1).softmax(-1)
        for j, child in enumerate(tokens[1].tolist()):
            chances[token, child] = (first[i] * then[0, 0, j]).item()
    best = sorted(chances, key=chances.get, reverse=True)[:nodes]
    return sum(tuple(labels[: depth + 1]) in best for depth in range(2))


if __name__ == "__main__":
    unittest.main()

import json
import tempfile
import unittest
from itertools import product
from pathlib import Path

import torch
from safetensors import safe_open
from _tiny import some_adapter, some_examples, tiny
from train_test import Silent, run

from tune.adapter_file import add_conditional, adapter_metadata, read_adapter, write_adapter
from tune.answers import Example
from tune.conditional import (
    Conditional,
    ConditionalPlan,
    ConditionalTrainer,
    mean_loss,
    pairs_of,
    ranks_of,
)
from tune.draft import draft
from tune.draws import draws
from tune.evaluate import RANKS
from tune.guesses import KEPT, GuessFiles, Guesses
from tune.layout import all_anchors, lay_out
from tune.loss import NO_LABEL, Loss, ranks
from tune.reranking import accepted_of_best, judge
from tune.text import read_text
from tune.train import Plan

STEPS = 6
VOCAB = torch.arange(0, 256, 2)
EXAMPLES = [Example([1], [(7 * i + 2 * j) % 256 for j in range(40)]) for i in range(30)]
MIXED = Example([1], list(range(40)))  # every second token has no row


def files(folder):
    adapter = Path(folder, "adapter")
    adapter.write_bytes(b"adapter")
    return GuessFiles(f"{folder}/guesses", tiny(), some_adapter(masks=3, prompts=2), adapter)


def some_guesses(anchors, masks=2, name="guesses"):
    """Returns guesses whose label follows the token before it as in EXAMPLES, whatever the
    logits are."""
    generator = draws(name)
    order = torch.stack([torch.randperm(256, generator=generator) for _ in range(anchors * masks)])
    tokens = order.view(anchors, masks, 256)[..., :KEPT]
    logits = torch.randn(tokens.shape, generator=generator).sort(-1, descending=True).values
    at = torch.randint(KEPT, (anchors, masks, 1), generator=generator)
    labels = tokens.gather(-1, at)[..., 0]
    return Guesses(tokens, logits, (labels - 2) % 256, labels)


def some_head(rank=4):
    return Conditional(tiny(), VOCAB, masks=2, rank=rank, generator=draws("head"))


def new_trainer(**plan):
    plan = ConditionalPlan(**{"steps": STEPS, "batch": 64, "rank": 8, "warm_up": 2} | plan)
    return ConditionalTrainer(tiny(), EXAMPLES, vocab=VOCAB, masks=2, plan=plan)


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


class TestConditionalTrainer(unittest.TestCase):
    def test_resumes_with_the_same_numbers(self):
        whole, begun, resumed = (new_trainer() for _ in range(3))
        with tempfile.TemporaryDirectory() as folder:
            run(whole, folder)
        with tempfile.TemporaryDirectory() as folder:
            run(begun, folder, stop_at=2)
            run(resumed, folder)
        self.assertEqual(resumed.curve, whole.curve)

    def test_refuses_to_resume_another_plan(self):
        with tempfile.TemporaryDirectory() as folder:
            run(new_trainer(), folder, stop_at=1)
            with self.assertRaisesRegex(ValueError, "Cannot resume: the plan"):
                run(new_trainer(steps=STEPS + 1), folder)

    def test_learns_what_follows_a_token(self):
        trainer = new_trainer(steps=150, rate=2e-2)
        with tempfile.TemporaryDirectory() as folder:
            run(trainer, folder, stop_at=150)
        for head in trainer.plain, trainer.conditional:
            head.fit(some_guesses(200))
        found = judge(trainer, [some_guesses(200, name="unseen")])
        plain, head = found["plain"], found["conditional"]
        self.assertGreater(head["top"][1][0], plain["top"][1][0] + 0.2)
        self.assertLess(head["loss"], plain["loss"] - 0.5)
        self.assertGreater(head["tokens"]["best 8"], plain["tokens"]["best 8"] + 0.2)
        seen, hits = (torch.tensor(found["acceptance"][name]).sum(-1) for name in ("seen", "hits"))
        self.assertEqual(seen[0].tolist(), [200] * RANKS)
        self.assertAlmostEqual(hits[0, 0].item() / 200, head["top"][1][0], places=3)

    def test_takes_neighbours_that_both_have_a_row(self):
        before, after = pairs_of([*EXAMPLES, MIXED], some_head().index, len(VOCAB))
        self.assertEqual(len(after), 15 * 39)  # the odd answers have no row
        self.assertTrue(torch.equal((before + 1) % 128, after))


class TestAddConditional(unittest.TestCase):
    def test_writes_the_tables_beside_the_adapter(self):
        trainer, adapter = new_trainer(), some_adapter(masks=2, prompts=1)
        state = {"shape": adapter.shape, "plan": Plan(loss=Loss(), steps=1), "curve": []}
        with tempfile.NamedTemporaryFile() as file:
            write_adapter(file.name, adapter, adapter_metadata(tiny(), state))
            add_conditional(file.name, trainer, {"texts": 1}, torch.float32)
            found, metadata = read_adapter(file.name, tiny())
            with safe_open(file.name, "pt") as tensors:
                for name, table in zip(("prev", "next"), trainer.conditional.tables()):
                    self.assertTrue(torch.equal(tensors.get_tensor(f"conditional_{name}"), table))
                self.assertEqual(tensors.get_tensor("conditional_depth").shape, (2, 4))
        self.assertTrue(torch.equal(found.mask_embeddings, adapter.mask_embeddings))
        self.assertEqual(json.loads(metadata["conditional_vocab"]), VOCAB.tolist())
        self.assertEqual(json.loads(metadata["conditional_evaluation"]), {"texts": 1})


class TestConditional(unittest.TestCase):
    def test_a_score_is_of_its_pair(self):
        head, guesses = some_head(), some_guesses(3)
        prev, after = head.tables()
        scores = head.on_path(guesses)
        scale, gain, _, _ = head.depth[1]
        pairs = 0
        for a, k in product(range(3), range(KEPT)):
            token, before = guesses.tokens[a, 1, k].item(), guesses.before[a, 1].item()
            known = token % 2 == 0 and before % 2 == 0
            pairs += known
            pair = prev[before // 2] @ after[token // 2] if known else torch.tensor(0.0)
            beside = guesses.logits[a, 1, k] - guesses.logits[a, 1, 0]
            self.assertAlmostEqual(
                scores[a, 1, k].item(), (scale * beside + gain * pair).item(), places=4
            )
        self.assertGreater(pairs, 0)

    def test_fits_the_numbers_of_each_mask(self):
        head, guesses = some_head(), some_guesses(200)
        tables, before = head.tables(), mean_loss(head.on_path(guesses), guesses)
        head.fit(guesses)
        self.assertLess(mean_loss(head.on_path(guesses), guesses), before - 0.01)
        for mine, other in zip(head.tables(), tables):
            self.assertTrue(torch.equal(mine, other))

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


class TestAcceptedOfBest(unittest.TestCase):
    def test_counts_the_nodes_on_the_path_among_the_likeliest(self):
        head, guesses = some_head(), some_guesses(40)
        with torch.no_grad():  # so that the token before decides
            head.own_prev.copy_(3 * torch.randn(head.own_prev.shape, generator=draws("prev")))
            head.own_next.copy_(torch.randn(head.own_next.shape, generator=draws("next")))
        for nodes in 3, 40:
            found = accepted_of_best(head, guesses, nodes)
            self.assertEqual(found.tolist(), [slowly(head, guesses, a, nodes) for a in range(40)])
        self.assertGreater(found.max(), 0)


@torch.no_grad()
def slowly(head, guesses, anchor, nodes):
    """Counts for one anchor, path by path."""
    one = guesses.at([anchor])
    tokens, labels, chances = one.tokens[0].tolist(), one.labels[0].tolist(), {}
    first = head.scores(one, 0, one.before[:, :1]).softmax(-1)[0, 0]
    for i, token in enumerate(tokens[0]):
        chances[token,] = first[i].item()
        then = head.scores(one, 1, torch.tensor([[token]])).softmax(-1)[0, 0]
        for j, child in enumerate(tokens[1]):
            chances[token, child] = (first[i] * then[j]).item()
    best = sorted(chances, key=chances.get, reverse=True)[:nodes]
    return sum(tuple(labels[: depth + 1]) in best for depth in range(2))


if __name__ == "__main__":
    unittest.main()

import unittest

import torch
from torch.nn.functional import cross_entropy

from tune.loss import NO_LABEL, Loss, ranks

LOGITS = torch.tensor([[[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]]])  # one group of two masks
TEACHER = torch.tensor([[[9.0, 0.0, 0.0], [0.0, 1.0, 2.0]]])
LABELS = torch.tensor([[0, 2]])


class TestLoss(unittest.TestCase):
    def test_weighs_hard_labels_by_depth(self):
        first, second = cross_entropy(LOGITS[0], LABELS[0], reduction="none")
        found = Loss(soft=0, decay=0.5)(LOGITS, LABELS, TEACHER)
        torch.testing.assert_close(found, first + 0.5 * second)

    def test_takes_the_models_own_distribution(self):
        found = Loss(soft=1, decay=1)(LOGITS, LABELS, TEACHER)
        expected = cross_entropy(LOGITS[0], TEACHER[0].softmax(-1), reduction="sum")
        torch.testing.assert_close(found, expected)

    def test_ignores_what_has_no_label(self):
        labels = torch.tensor([[0, -1]])
        found = Loss(soft=0.5, decay=1)(LOGITS, labels, TEACHER)
        expected = Loss(soft=0.5, decay=1)(LOGITS[:, :1], labels[:, :1], TEACHER[:, :1])
        torch.testing.assert_close(found, expected)

    def test_weighs_by_what_a_pass_gets_to(self):
        first, second = cross_entropy(LOGITS[0], LABELS[0], reduction="none")
        found = Loss(soft=0, decay=1, reach=True)(LOGITS, LABELS, TEACHER)
        torch.testing.assert_close(found, first + (-first).exp() * second)


class TestRanks(unittest.TestCase):
    def test_counts_likelier_tokens(self):
        self.assertEqual(ranks(LOGITS, LABELS).tolist(), [[0, 1]])

    def test_has_none_without_a_label(self):
        self.assertEqual(ranks(LOGITS, LABELS * 0 - 1).tolist(), [[NO_LABEL] * 2])

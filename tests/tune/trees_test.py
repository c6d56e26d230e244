import unittest

import torch

from tune.evaluate import RANKS, SHARES, acceptance, shares_of
from tune.loss import NO_LABEL
from tune.trees import accepted, share_within, tokens_a_pass

FOUND = torch.tensor([
    [0, 0, 2],  # all three
    [1, 0, 0],  # a second guess has no children
    [0, 3, 0],
    [9, 0, 0],
    [0, 0, NO_LABEL],
])


class TestAccepted(unittest.TestCase):
    def test_continues_below_the_best_guess_only(self):
        self.assertEqual(accepted(FOUND, (5, 4, 3)).tolist(), [3, 1, 2, 0, 2])

    def test_takes_as_many_guesses_as_the_tree_is_wide(self):
        self.assertEqual(accepted(FOUND, (1, 1)).tolist(), [2, 0, 1, 0, 2])


class TestTokensAPass(unittest.TestCase):
    def test_begins_again_after_what_was_accepted(self):
        # The first text: 4 tokens from anchor 0, 3 from anchor 4. The second: 1 token.
        self.assertEqual(tokens_a_pass([FOUND, FOUND[3:4]], (5, 4, 3)), (4 + 3 + 1) / 3)


class TestShareWithin(unittest.TestCase):
    def test_leaves_out_what_has_no_label(self):
        found = [round(share, 4) for share in share_within(FOUND, 1)]
        self.assertEqual(found, [0.6, 0.8, 0.75])


class TestAcceptance(unittest.TestCase):
    def test_shares_are_of_the_likeliest_alone(self):
        logits = torch.zeros(2, 1, 3 * RANKS)
        logits[1, 0, 7] = 1000
        shares = shares_of(logits)
        self.assertTrue(torch.allclose(shares[0], torch.full((1, RANKS), 1 / RANKS)))
        self.assertEqual(shares[1, 0].tolist(), [1] + [0] * (RANKS - 1))

    def test_counts_by_depth_rank_and_share(self):
        shares = torch.full((5, 3, RANKS), 0.01)
        shares[:, :, 0] = 0.91
        table = acceptance(FOUND, shares)
        sure, low = sum(share < 0.91 for share in SHARES), 0
        self.assertEqual(table["seen"][0][0][sure], 5)
        self.assertEqual(table["hits"][0][0][sure], 3)
        self.assertEqual(table["hits"][0][1][low], 1)
        self.assertEqual(table["hits"][2][2][low], 1)
        self.assertEqual(table["seen"][2][0][sure], 4)  # the last has no label
        self.assertEqual(table["seen"][0][0][low], 0)

    def test_counts_only_below_guesses(self):
        found = torch.tensor([[RANKS, 0]])
        table = acceptance(found, torch.full((1, 2, RANKS), 0.5))
        self.assertEqual(sum(table["seen"][0][0]), 1)
        self.assertEqual(sum(table["seen"][1][0]), 0)

"""Tokens a pass by the shape of the draft tree, computed from ranks.

A shape such as 5-4-3 is the paper's comb: so many guesses of the first mask, of the
second under the best of them, and so on.
"""

import torch

from .loss import NO_LABEL


def parse_shape(text):
    """`"5-4-3"` -> `(5, 4, 3)`."""
    return tuple(int(width) for width in text.split("-"))


def accepted(ranks, shape):
    """Counts the drafts that a pass accepts from each anchor, [A, M] -> [A]."""
    count = torch.zeros(len(ranks), dtype=torch.long, device=ranks.device)
    on_top = torch.ones(len(ranks), dtype=torch.bool, device=ranks.device)
    for rank, width in zip(ranks.unbind(1), shape):
        hit = on_top & (rank < width)
        count += hit
        on_top = hit & (rank == 0)
    return count


def tokens_a_pass(texts, shape):
    """Decodes texts, each the ranks [A, M] at its anchors in order, with trees of a shape."""
    return mean_gain([accepted(ranks, shape) for ranks in texts])


def mean_gain(texts):
    """Decodes texts, each the drafts that a pass accepts at its anchors in order, [A], as
    the server would: what a pass accepts, and the token that follows it, decide where the
    next begins. Returns tokens a pass."""
    tokens = passes = 0
    for counts in texts:
        gain = (counts + 1).tolist()
        at = 0
        while at < len(gain):
            tokens += gain[at]
            passes += 1
            at += gain[at]
    return tokens / passes


def share_within(ranks, width):
    """Gives, mask by mask, the share of labels among the first guesses, [A, M] -> [M]."""
    hits, labels = (ranks < width).sum(0), (ranks < NO_LABEL).sum(0)
    return (hits / labels.clamp(min=1)).tolist()

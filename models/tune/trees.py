"""Tokens a pass by the shape of the draft tree, computed from ranks.

A shape such as 5-4-3 is the paper's comb: five guesses of the first mask, four of the
second mask under the best of them, and so on.
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
    """Returns tokens a pass with trees of a shape; a text is the ranks, [A, M], at its anchors
    in order."""
    return mean_gain([accepted(ranks, shape) for ranks in texts])


def mean_gain(texts):
    """Returns tokens a pass; a text is the number of drafts that a pass accepts at each anchor
    in order, [A]. As in the server, the next pass begins after the accepted drafts and the
    token that follows them."""
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
    """Returns the share of labels among the first guesses by mask, [A, M] -> [M]."""
    hits, labels = (ranks < width).sum(0), (ranks < NO_LABEL).sum(0)
    return (hits / labels.clamp(min=1)).tolist()

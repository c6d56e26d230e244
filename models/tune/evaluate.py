"""Evaluates an adapter on held-out text.

The planner reads the acceptance table: how often a guess is right, by depth, rank and
share. The share is its probability among the first RANKS guesses of its row. A guess below
the first depth counts only where every shallower token was among the guesses; no pass
reaches it otherwise.
"""

from dataclasses import dataclass

import torch

from .draft import draft
from .layout import all_anchors, lay_out
from .loss import NO_LABEL, ranks
from .trees import parse_shape, share_within, tokens_a_pass

TREES = ("5-4-3", "10-8-6", "5", "2", "1", "2-1", "3-2-1", "1-1-1")
TOPS = (1, 2, 3, 5, 10)
RANKS = 10
SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97)  # between bins


@dataclass(frozen=True)
class Drafts:
    """Drafts of the masks, or of a Hydra head's steps, at all A anchors of a text."""

    ranks: torch.Tensor  # [A, M]
    shares: torch.Tensor  # [A, M, RANKS] of the likeliest tokens


@torch.no_grad()
def draft_text(llama, adapter, text, example):
    """Drafts from every anchor of an example, whose states are `text`."""
    anchors = all_anchors(example).to(llama.device)
    layout = lay_out(text.ids, anchors, adapter.shape.masks)
    logits = llama.logits(draft(llama, adapter, text, layout))
    return Drafts(ranks(logits, layout.labels).cpu(), shares_of(logits).cpu())


def shares_of(logits):
    """Returns the probabilities among the likeliest RANKS tokens, [..., RANKS]."""
    return logits.topk(RANKS).values.softmax(-1)


def evaluate(texts):
    """Returns the figures over the drafts of all texts, as plain data."""
    found = torch.cat([text.ranks for text in texts])
    return {
        "texts": len(texts),
        "anchors": len(found),
        "top": {k: [round(s, 4) for s in share_within(found, k)] for k in TOPS},
        "tokens": {
            tree: round(tokens_a_pass([t.ranks for t in texts], parse_shape(tree)), 4)
            for tree in TREES
        },
        "acceptance": acceptance(found, torch.cat([text.shares for text in texts])),
    }


def acceptance(found, shares):
    """Counts guesses, `seen`, and right ones, `hits`: [M][RANKS][bins]."""
    A, M = found.shape
    bins = torch.bucketize(shares, torch.tensor(SHARES))  # [A, M, RANKS]
    guessed = (found < RANKS).cumprod(1)  # [A, M]
    got_to = torch.cat([torch.ones(A, 1), guessed[:, :-1]], 1) * (found < NO_LABEL)
    right = found[..., None] == torch.arange(RANKS)
    cell = torch.nn.functional.one_hot(bins, len(SHARES) + 1) * got_to[..., None, None]
    return {
        "shares": SHARES,
        "seen": cell.sum(0).long().tolist(),
        "hits": (cell * right[..., None]).sum(0).long().tolist(),
    }


def describe(result):
    """Formats the figures as two tables."""
    masks = range(1, len(result["top"][1]) + 1)
    lines = ["top   " + "  ".join(f"mask {j}" for j in masks)]
    for k, shares in result["top"].items():
        lines.append(f"{k:<6}" + "  ".join(f"{s:6.3f}" for s in shares))
    lines.append("")
    lines.append("tree    tokens a pass")
    lines += [f"{tree:<8}{n:.3f}" for tree, n in result["tokens"].items()]
    return "\n".join(lines)

"""Groups of masks after one text, as if the text ended at many places at once.

A group follows an *anchor*: the index of the last text token that it sees. Its mask j,
from 0, is at position anchor + 1 + j and drafts the token after that position. Rows are in
the order of groups; a row sees the text up to its anchor, and its own group up to itself:

    text    a b c d e      group of b: masks at 2, 3 draft d, e
    rows    # # . . .  # . . .        (anchor 1)
            # # . . .  # # . .
            # # # . .  . . # .        (anchor 2)
            # # # . .  . . # #
"""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Layout:
    """G groups of M masks, R = G * M rows, after a text of T tokens."""

    positions: torch.Tensor  # [G, M] also the text row whose logits are the label
    labels: torch.Tensor  # [G, M] the token to draft; -1 where the text is over
    visible: torch.Tensor  # [R, T + R]


def lay_out(ids, anchors, masks):
    """Returns groups of `masks` after `ids`, [T], at `anchors`, [G]."""
    T, device = len(ids), ids.device
    steps = torch.arange(masks, device=device)
    positions = anchors[:, None] + 1 + steps  # [G, M]
    following = (positions + 1).clamp(max=T - 1)
    labels = torch.where(positions + 1 < T, ids[following], -1)

    row_anchor = anchors.repeat_interleave(masks)  # [R]
    sees_text = torch.arange(T, device=device) <= row_anchor[:, None]  # [R, T]
    mask = steps.repeat(len(anchors))
    group = torch.arange(len(anchors), device=device).repeat_interleave(masks)
    same_group = group[:, None] == group
    visible = torch.cat([sees_text, same_group & (mask <= mask[:, None])], 1)
    return Layout(positions, labels, visible)


def all_anchors(example):
    """Returns the anchors of an example: from the last token of the prompt on, while the first
    mask has a token to draft."""
    return torch.arange(len(example.prompt) - 1, len(example.ids) - 2)


def some_anchors(example, count, generator):
    """Draws at most `count` of them, in order."""
    anchors = all_anchors(example)
    chosen = torch.randperm(len(anchors), generator=generator)[:count]
    return anchors[chosen.sort().values]

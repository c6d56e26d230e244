"""The loss of a draft.

The hard label is the token that the model wrote. The soft label is the model's distribution
at that position: the same expectation with less variance. Deeper masks count less
(`decay`). With `reach`, a mask is weighted by the probability that those before it are
right, since a pass reaches it only then.
"""

from dataclasses import dataclass

import torch

LEAST_REACH = 0.2  # so that deep masks learn from the first step
NO_LABEL = 1 << 30  # a rank beyond all guesses


@dataclass(frozen=True)
class Loss:
    """The weights of the loss."""

    soft: float = 0.5  # share of the soft labels, 0 to 1
    decay: float = 0.8
    reach: bool = False

    def weights(self, labels):
        """Returns the weight of each draft, [G, M]; 0 without a label."""
        depth = torch.arange(labels.shape[1], device=labels.device)
        return self.decay**depth * (labels >= 0)

    def __call__(self, logits, labels, teacher):
        """Returns the summed loss of G groups; logits and the model's own, [G, M, vocab]."""
        log_q = logits.log_softmax(-1)
        at = labels.clamp(min=0)[..., None]
        hard = -log_q.gather(-1, at)[..., 0]  # [G, M]
        soft = -(teacher.softmax(-1) * log_q).sum(-1)
        each = (1 - self.soft) * hard + self.soft * soft
        weights = self.weights(labels)
        if self.reach:
            right = (-hard.detach()).exp().cumprod(-1)  # [G, M]
            before = torch.cat([torch.ones_like(right[:, :1]), right[:, :-1]], -1)
            weights = weights * before.clamp(min=LEAST_REACH)
        return (weights * each).sum()


def ranks(logits, labels):
    """Returns the number of tokens with a higher logit than the label, [G, M]; NO_LABEL where
    there is no label."""
    score = logits.gather(-1, labels.clamp(min=0)[..., None])
    return (logits > score).sum(-1).masked_fill(labels < 0, NO_LABEL)

"""What a good draft is.

Hard: the token that the model wrote. Soft: all of the model's distribution at that place,
whose expectation is the same and whose variance is less. Deeper masks count less
(`decay`), and with `reach` a mask counts as much as the ones before it are right, since
a pass gets to it only then.
"""

from dataclasses import dataclass

import torch

LEAST_REACH = 0.2  # or deep masks would learn nothing at the start
NO_LABEL = 1 << 30  # a rank that no guess reaches


@dataclass(frozen=True)
class Loss:
    """How drafts are judged."""

    soft: float = 0.5  # share of the soft labels, 0 to 1
    decay: float = 0.8
    reach: bool = False

    def weights(self, labels):
        """Gives what each draft counts beforehand, [G, M]; 0 without a label."""
        depth = torch.arange(labels.shape[1], device=labels.device)
        return self.decay**depth * (labels >= 0)

    def __call__(self, logits, labels, teacher):
        """Adds up the loss of G groups: logits and the model's own, [G, M, vocab]."""
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
    """Counts the tokens that a draft holds for likelier than its label, [G, M]; gives
    NO_LABEL where there is none."""
    score = logits.gather(-1, labels.clamp(min=0)[..., None])
    return (logits > score).sum(-1).masked_fill(labels < 0, NO_LABEL)

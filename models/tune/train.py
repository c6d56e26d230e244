"""The training loop. A step adds up the gradients of its texts one by one, so nothing is
padded and only one text's rows are in memory.

Every draw depends on the seed and the step's number only, so a run that was interrupted
resumes with the same numbers.
"""

from copy import deepcopy
from dataclasses import dataclass

import torch

from .draft import draft
from .draws import draws
from .layout import lay_out, some_anchors
from .loss import Loss, ranks
from .schedule import share_of_rate
from .trees import accepted, parse_shape, share_within

SHOWN_TREES = ("5-4-3", "2-1", "1")


@dataclass(frozen=True)
class Plan:
    """How to train."""

    loss: Loss
    steps: int
    batch: int = 1  # texts a step: many small steps learn faster than a few large ones
    groups: int = 64  # groups of masks a text, at most
    prompt_rate: float = 1e-2
    rate: float = 2e-3  # of all but the prompts
    average: int = 0  # steps that the parameters are averaged over; 0: none, the last count
    warm_up: int = 20
    clip: float = 1.0
    offset: int = 1024  # texts begin up to this many positions later
    seed: int = 0


class Trainer:
    """Trains an adapter on examples; `texts` computes their states."""

    def __init__(self, llama, adapter, examples, *, plan, texts):
        self.llama, self.adapter, self.examples = llama, adapter, examples
        self.plan, self.texts = plan, texts
        self.mean = deepcopy(adapter) if plan.average else adapter  # what is exported
        self.step, self.curve = 0, []
        prompts = [adapter.prompt_keys, adapter.prompt_values]
        others = [p for p in adapter.parameters() if all(p is not q for q in prompts)]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": prompts, "rate": plan.prompt_rate},
                {"params": others, "rate": plan.rate},
            ],
            betas=(0.9, 0.98),
            weight_decay=0.0,
        )

    def advance(self):
        """Takes a step. Returns its figures and appends them to the curve."""
        plan = self.plan
        share = share_of_rate(self.step, steps=plan.steps, warm_up=plan.warm_up)
        for group in self.optimizer.param_groups:
            group["lr"] = group["rate"] * share
        batch = [self._place(example, slot) for slot, example in enumerate(self._batch())]
        total = sum(plan.loss.weights(layout.labels).sum() for _, layout, _ in batch)
        self.optimizer.zero_grad()
        losses, found = zip(*(self._learn(*placed, total) for placed in batch))
        torch.nn.utils.clip_grad_norm_(self.adapter.parameters(), plan.clip)
        self.optimizer.step()
        self.step += 1
        if plan.average:
            self._average()
        figures = {"step": self.step, "loss": sum(losses), **summary(torch.cat(found))}
        self.curve.append(figures)
        return figures

    @torch.no_grad()
    def _average(self):
        """Moves the averages towards the parameters: single texts sway the last steps. The start
        has no share in them; the first steps count alike."""
        share = 1 / min(self.plan.average, self.step)
        for mean, now in zip(self.mean.parameters(), self.adapter.parameters()):
            mean.lerp_(now, share)

    def _batch(self):
        """Yields the step's examples, from shuffled epochs without end."""
        count = len(self.examples)
        for at in range(self.step * self.plan.batch, (self.step + 1) * self.plan.batch):
            epoch = draws(self.plan.seed, "epoch", at // count)
            yield self.examples[torch.randperm(count, generator=epoch)[at % count]]

    def _place(self, example, slot):
        """Returns a text, its groups and its offset."""
        generator = draws(self.plan.seed, "step", self.step, slot)
        anchors = some_anchors(example, self.plan.groups, generator)
        offset = torch.randint(self.plan.offset + 1, (), generator=generator).item()
        text = self.texts.read(example.ids)
        anchors = anchors.to(self.llama.device)
        return text, lay_out(text.ids, anchors, self.adapter.shape.masks), offset

    def _learn(self, text, layout, offset, total):
        """Adds the gradients of a text. Returns its loss and ranks."""
        rows = layout.positions.clamp(max=len(text.ids) - 1)
        with torch.no_grad():
            teacher = self.llama.logits(text.hidden[rows])  # [G, M, vocab]
        logits = self.llama.logits(draft(self.llama, self.adapter, text, layout, offset))
        loss = self.plan.loss(logits, layout.labels, teacher) / total
        loss.backward()
        return loss.item(), ranks(logits.detach(), layout.labels)

    def state(self):
        """Returns the state that `load` resumes from."""
        return {
            "plan": self.plan,
            "shape": self.adapter.shape,
            "step": self.step,
            "curve": self.curve,
            "adapter": self.adapter.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, state):
        """Resumes from a state; raises ValueError if its plan or shape differs."""
        check_resumable(state, plan=self.plan, shape=self.adapter.shape)
        self.step, self.curve = state["step"], list(state["curve"])
        self.adapter.load_state_dict(state["adapter"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])


def check_resumable(state, **mine):
    """Raises ValueError if a checkpoint's plan, or another part of it, differs from `mine`."""
    for name, value in mine.items():
        if state[name] != value:
            raise ValueError(
                f"Cannot resume: the {name} must be {state[name]}: received {value}"
            )


def summary(found):
    """Returns the figures of ranks, [A, M]: top-1 and top-5 by mask, tokens by tree."""
    return {
        "top1": share_within(found, 1),
        "top5": share_within(found, 5),
        "tokens": {
            tree: 1 + accepted(found, parse_shape(tree)).float().mean().item()
            for tree in SHOWN_TREES
        },
    }

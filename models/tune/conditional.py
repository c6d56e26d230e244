"""A head that reranks the masks' guesses by the token before each guess.

A mask does not see the tokens between the text and its guess. The first mask does not even
see the token that the text row chose. The head adds a score for the pair of tokens, as
DSpark's Markov head does. It scores the KEPT likeliest tokens of a mask, with logits `l`,
best first:

    score(v) = scale · (l(v) - l(best)) + gain · prev[before] · next[v]
    score(none of them) = slope · (l(last) - l(best)) + offset

The softmax of these scores is the probability of each guess. The loss is the negative log
likelihood, so the probabilities are calibrated. `scale`, `gain`, `slope` and `offset` are
learned for each mask; `prev` and `next`, [V, rank], are shared. The score of a pair with a
token outside the V tokens is 0.

A row is a projection of the frozen embedding plus a part of its own. The projection learns
from few texts; the own part has weight decay.
"""

from dataclasses import dataclass

import torch
from torch import nn

from .best_nodes import accepted_of_best
from .draws import draws
from .guesses import KEPT, Guesses
from .loss import NO_LABEL, ranks
from .schedule import share_of_rate
from .train import summary
from .trees import mean_gain, share_within, tokens_a_pass

TOPS = (1, 2, 3, 5, 10, KEPT)
NODES = (8, 16, 31)  # of the trees that are judged


@dataclass(frozen=True)
class ConditionalPlan:
    """How to train a conditional head."""

    steps: int
    batch: int = 1024  # anchors a step
    rank: int = 32
    words: int = 4096  # tokens with a row
    rate: float = 3e-3
    decay: float = 0.1  # weight decay of a row's own part
    warm_up: int = 50
    seed: int = 0


class Conditional(nn.Module):
    """The head, on the CPU. `vocab`, [V], are the tokens with a row."""

    def __init__(self, llama, vocab, *, masks, rank, generator):
        super().__init__()
        self.vocab = vocab
        self.index = torch.full((llama.config.vocab,), len(vocab))
        self.index[vocab] = torch.arange(len(vocab))
        self.embedding = scaled(llama.embedding.cpu()[vocab].float())
        self.head = scaled(llama.head.cpu()[vocab].float())
        dim = self.embedding.shape[1]
        start = torch.randn(2, dim, rank, generator=generator) / (dim * max(1, rank) ** 0.5) ** 0.5
        self.from_embedding = nn.Parameter(start[0])
        self.from_head = nn.Parameter(start[1])
        self.own_prev = nn.Parameter(torch.zeros(len(vocab), rank))
        self.own_next = nn.Parameter(torch.zeros(len(vocab), rank))
        # scale, gain, slope, offset
        self.depth = nn.Parameter(torch.tensor([[1.0, 0.1, 1.0, 1.0]]).repeat(masks, 1))

    def tables(self):
        """Returns `prev` and `next`, each [V, rank]."""
        return (
            self.embedding @ self.from_embedding + self.own_prev,
            self.head @ self.from_head + self.own_next,
        )

    def scores(self, tokens, logits, before, depth):
        """Returns the scores of a mask's guesses, tokens and logits [A, KEPT], after each of B
        tokens, [A, B]. The last score is of none of them: [A, B, KEPT + 1]."""
        prev, after = (torch.cat([table, table[:1] * 0]) for table in self.tables())
        pairs = torch.einsum("abr,akr->abk", prev[self.index[before]], after[self.index[tokens]])
        scale, gain, slope, offset = self.depth[depth]
        beside = (logits - logits[:, :1])[:, None]  # [A, 1, KEPT]
        none = (slope * beside[..., -1:] + offset).expand(*before.shape, 1)
        return torch.cat([scale * beside + gain * pairs, none], -1)

    def on_path(self, guesses):
        """Returns the scores of all masks on the right path, [A, M, KEPT + 1]."""
        return torch.cat(
            [
                self.scores(tokens, logits, before[:, None], depth)
                for depth, (tokens, logits, before) in enumerate(
                    zip(*(part.unbind(1) for part in (guesses.tokens, guesses.logits, guesses.before)))
                )
            ],
            1,
        )


def scaled(rows):
    """Returns rows of mean 0 and root mean square 1."""
    rows = rows - rows.mean(0)
    return rows / rows.square().mean().sqrt()


class ConditionalTrainer:
    """Trains a head on guesses, and one of rank 0 to compare with: the same calibration without
    the token before."""

    def __init__(self, llama, guesses, *, vocab, plan):
        self.guesses, self.plan = guesses, plan
        generator = draws(plan.seed, "conditional")
        masks = guesses.labels.shape[1]

        def head(rank):
            return Conditional(llama, vocab, masks=masks, rank=rank, generator=generator)

        self.conditional, self.plain = head(plan.rank), head(0)
        self.heads = self.plain, self.conditional
        self.step, self.curve = 0, []
        own = [self.conditional.own_prev, self.conditional.own_next]
        depth = [self.conditional.depth, self.plain.depth]
        projections = [self.conditional.from_embedding, self.conditional.from_head]
        self.optimizer = torch.optim.AdamW(
            [{"params": own, "weight_decay": plan.decay}, {"params": projections + depth}],
            betas=(0.9, 0.98),
            weight_decay=0.0,
        )

    def advance(self):
        """Takes a step. Returns its figures and appends them to the curve."""
        plan = self.plan
        share = share_of_rate(self.step, steps=plan.steps, warm_up=plan.warm_up)
        for group in self.optimizer.param_groups:
            group["lr"] = plan.rate * share
        batch = self.guesses.at(self._batch())
        plain, scores = (head.on_path(batch) for head in self.heads)
        loss, plain_loss = (mean_loss(each, batch) for each in (scores, plain))
        self.optimizer.zero_grad()
        (loss + plain_loss).backward()
        self.optimizer.step()
        self.step += 1
        figures = {
            "step": self.step,
            "loss": loss.item(),
            "plain_loss": plain_loss.item(),
            **summary(ranks_of(scores.detach(), batch)),
        }
        self.curve.append(figures)
        return figures

    def _batch(self):
        """Returns the step's anchors, from shuffled epochs without end."""
        count, size = len(self.guesses.labels), self.plan.batch
        a_turn = max(1, count // size)
        epoch, turn = divmod(self.step, a_turn)
        order = torch.randperm(count, generator=draws(self.plan.seed, "epoch", epoch))
        return order[turn * size : (turn + 1) * size]

    def state(self):
        """Returns the state that `load` resumes from."""
        return {
            "plan": self.plan,
            "step": self.step,
            "curve": self.curve,
            "heads": [head.state_dict() for head in self.heads],
            "optimizer": self.optimizer.state_dict(),
        }

    @torch.no_grad()
    def judge(self, texts):
        """Evaluates the masks' own order, the head of rank 0 and the head on the guesses of
        texts."""
        joined = Guesses.joined(texts)
        own = share_top(ranks_of(torch.arange(KEPT, 0.0, -1).expand(joined.tokens.shape), joined))
        result = {"texts": len(texts), "anchors": len(joined.labels), "masks": {"top": own}}
        for name, head in zip(("plain", "conditional"), self.heads):
            found = [ranks_of(head.on_path(text), text) for text in texts]
            tokens = {"5-4-3": tokens_a_pass(found, (5, 4, 3))}
            for nodes in NODES:
                gains = [accepted_of_best(head, text, nodes) for text in texts]
                tokens[f"best {nodes}"] = mean_gain(gains)
            result[name] = {
                "loss": mean_loss(head.on_path(joined), joined).item(),
                "top": share_top(torch.cat(found)),
                "tokens": tokens,
            }
        return result

    def load(self, state):
        """Resumes from a state; raises ValueError if its plan differs."""
        if state["plan"] != self.plan:
            raise ValueError(
                f"Cannot resume: the plan must be {state['plan']}: received {self.plan}"
            )
        self.step, self.curve = state["step"], list(state["curve"])
        for head, saved in zip(self.heads, state["heads"]):
            head.load_state_dict(saved)
        self.optimizer.load_state_dict(state["optimizer"])


def mean_loss(scores, guesses):
    """Returns the mean negative log likelihood of the labels. A label outside the guesses counts
    as none of them; one after the end of its text does not count."""
    hits = guesses.tokens == guesses.labels[..., None]
    target = torch.where(hits.any(-1), hits.int().argmax(-1), KEPT)
    target = target.masked_fill(guesses.labels < 0, -100)  # ignored by cross_entropy
    return nn.functional.cross_entropy(scores.flatten(0, 1), target.flatten())


def ranks_of(scores, guesses):
    """Returns the number of guesses with a higher score than the label, [A, M]. A label outside
    the guesses counts as missed; one after the end of its text has NO_LABEL."""
    hits = guesses.tokens == guesses.labels[..., None]
    found = ranks(scores[..., :KEPT], hits.int().argmax(-1))
    found = found.masked_fill(~hits.any(-1), NO_LABEL - 1)
    return found.masked_fill(guesses.labels < 0, NO_LABEL)


def share_top(found):
    """Returns the share of labels among the first guesses, by their number and mask."""
    return {k: share_within(found, k) for k in TOPS}


def describe(result):
    """Formats the result of `judge` as Markdown."""
    masks = range(1, len(result["masks"]["top"][1]) + 1)
    rows = [["guesses looked at", *(f"mask {j}, {w}" for j in masks for w in ("alone", "head"))]]
    for k, alone in result["masks"]["top"].items():
        head = result["conditional"]["top"][k]
        rows.append([str(k), *(f"{s:.3f}" for pair in zip(alone, head) for s in pair)])
    trees = [["tree", "alone", "head"]]
    for tree, alone in result["plain"]["tokens"].items():
        trees.append([tree, f"{alone:.3f}", f"{result['conditional']['tokens'][tree]:.3f}"])
    return f"{table(rows)}\n\n{table(trees)}"


def table(rows):
    """Formats rows, the header first, as Markdown."""
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)

"""A head that reranks the masks' guesses by the token before each guess.

A mask does not see the tokens between the text and its guess. The first mask does not even
see the token that the text row chose. The head adds a score for the pair of tokens, as
DSpark's Markov head does. It scores the KEPT likeliest tokens of a mask, with logits `l`,
best first:

    score(v) = scale · (l(v) - l(best)) + gain · prev[before] · next[v]
    score(none of them) = slope · (l(last) - l(best)) + offset

The softmax of these scores is the probability of each guess. The score of a pair with a
token outside the V tokens of the head is 0.

`prev` and `next`, [V, rank], learn from the answers alone: softmax(prev[before] · next +
log frequency) predicts the next token from the one before. That takes no pass of the model,
so all answers count. A row is a projection of the frozen embedding plus a part of its own.
Only the four numbers of each mask are fitted to guesses, so a few texts suffice.
"""

from dataclasses import dataclass

import torch
from torch import nn

from .draws import batch_of, draws
from .guesses import KEPT
from .loss import NO_LABEL, ranks
from .schedule import share_of_rate
from .train import check_resumable, summary

START = (1.0, 0.5, 0.3, 1.8)  # scale, gain, slope, offset
FIT_STEPS = 50  # of LBFGS, which converges sooner


@dataclass(frozen=True)
class ConditionalPlan:
    """How to train a conditional head."""

    steps: int
    batch: int = 2048  # pairs of tokens a step
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
        start = 0.3 * torch.randn(2, dim, rank, generator=generator) / dim**0.5
        self.from_embedding = nn.Parameter(start[0])
        self.from_head = nn.Parameter(start[1])
        self.own_prev = nn.Parameter(torch.zeros(len(vocab), rank))
        self.own_next = nn.Parameter(torch.zeros(len(vocab), rank))
        self.depth = nn.Parameter(torch.tensor([START]).repeat(masks, 1))

    def tables(self):
        """Returns `prev` and `next`, each [V, rank]."""
        return (
            self.embedding @ self.from_embedding + self.own_prev,
            self.head @ self.from_head + self.own_next,
        )

    def pairs(self, before, tokens):
        """Returns the scores of tokens, [A, K], after each of B tokens, [A, B]: [A, B, K]."""
        prev, after = (torch.cat([table, table[:1] * 0]) for table in self.tables())
        return torch.einsum("abr,akr->abk", prev[self.index[before]], after[self.index[tokens]])

    def scores(self, guesses, depth, before):
        """Returns the scores of the guesses of mask `depth` after each of B tokens, [A, B].
        The last score is of none of them: [A, B, KEPT + 1]."""
        tokens, logits = guesses.tokens[:, depth], guesses.logits[:, depth]
        scale, gain, slope, offset = self.depth[depth]
        beside = (logits - logits[:, :1])[:, None]  # [A, 1, KEPT]
        none = (slope * beside[..., -1:] + offset).expand(*before.shape, 1)
        return torch.cat([scale * beside + gain * self.pairs(before, tokens), none], -1)

    def on_path(self, guesses):
        """Returns the scores of all masks on the right path, [A, M, KEPT + 1]."""
        masks = range(guesses.tokens.shape[1])
        scores = [self.scores(guesses, m, guesses.before[:, m, None]) for m in masks]
        return torch.cat(scores, 1)

    def fit(self, guesses):
        """Fits the numbers of each mask to guesses."""
        optimizer = torch.optim.LBFGS(
            [self.depth], max_iter=FIT_STEPS, line_search_fn="strong_wolfe"
        )

        def loss():
            optimizer.zero_grad()
            value = mean_loss(self.on_path(guesses), guesses)
            value.backward()
            return value

        optimizer.step(loss)


def scaled(rows):
    """Returns rows of mean 0 and root mean square 1."""
    rows = rows - rows.mean(0)
    return rows / rows.square().mean().sqrt()


class ConditionalTrainer:
    """Trains the tables of a head on the answers of examples."""

    def __init__(self, llama, examples, *, vocab, masks, plan):
        self.plan, generator = plan, draws(plan.seed, "conditional")

        def head(rank):
            return Conditional(llama, vocab, masks=masks, rank=rank, generator=generator)

        self.conditional = head(plan.rank)
        self.plain = head(0)  # to compare with: the same calibration of the masks alone
        self.step, self.curve = 0, []
        self.before, self.after = pairs_of(examples, self.conditional.index, len(vocab))
        counts = torch.bincount(self.after, minlength=len(vocab)) + 0.5
        self.log_frequency = (counts / counts.sum()).log()
        own = [self.conditional.own_prev, self.conditional.own_next]
        projections = [self.conditional.from_embedding, self.conditional.from_head]
        self.optimizer = torch.optim.AdamW(
            [{"params": own, "weight_decay": plan.decay}, {"params": projections}],
            betas=(0.9, 0.98),
            weight_decay=0.0,
        )

    def advance(self):
        """Takes a step. Returns its figures and appends them to the curve."""
        plan = self.plan
        share = share_of_rate(self.step, steps=plan.steps, warm_up=plan.warm_up)
        for group in self.optimizer.param_groups:
            group["lr"] = plan.rate * share
        batch = batch_of(
            self.step, count=len(self.after), size=plan.batch, seed=plan.seed
        )
        prev, after = self.conditional.tables()
        logits = prev[self.before[batch]] @ after.T + self.log_frequency
        labels = self.after[batch]
        loss = nn.functional.cross_entropy(logits, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.step += 1
        found = ranks(logits.detach()[:, None], labels[:, None])
        figures = {"step": self.step, "loss": loss.item(), **summary(found)}
        self.curve.append(figures)
        return figures

    def state(self):
        """Returns the state that `load` resumes from."""
        return {
            "plan": self.plan,
            "step": self.step,
            "curve": self.curve,
            "conditional": self.conditional.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, state):
        """Resumes from a state; raises ValueError if its plan differs."""
        check_resumable(state, plan=self.plan)
        self.step, self.curve = state["step"], list(state["curve"])
        self.conditional.load_state_dict(state["conditional"])
        self.optimizer.load_state_dict(state["optimizer"])


def pairs_of(examples, index, words):
    """Returns the rows of neighbouring tokens in answers, [N] each, that both have one."""
    answers = [index[torch.tensor(example.answer)] for example in examples]
    before = torch.cat([answer[:-1] for answer in answers])
    after = torch.cat([answer[1:] for answer in answers])
    known = (before < words) & (after < words)
    return before[known], after[known]


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

"""A head that drafts without a row of its own (Hydra, arXiv 2402.05109).

A row's hidden state predicts more than the token that it chose. A small net takes the state
and that token, and returns an estimate of the next row's state:

    state' = state + w2 · silu(w1 · [state, inputs, embedding of the token] + bias)
    logits = head[vocab] · out · state'

Each step follows one drafted token. `inputs` are the inputs of some layers at that row, which
hold more of the text than the last state does (as in EAGLE-3, arXiv 2503.01840). They stay
the same along a chain. The frozen head is cut to the tokens that are commonest in answers,
and `out` maps the state to it.
"""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .draws import batch_of, draws
from .evaluate import Drafts, shares_of
from .loss import NO_LABEL, Loss, ranks
from .schedule import share_of_rate
from .train import check_resumable, summary


DROPOUT = 0.1  # of the net's inner numbers, while it learns


@dataclass(frozen=True)
class HydraPlan:
    """How to train a Hydra head."""

    steps: int
    batch: int = 512  # places of texts a step
    depth: int = 3  # tokens drafted in a row
    width: int = 1024  # of the net
    words: int = 4096  # tokens that it can draft
    layers: tuple[int, ...] = ()  # whose inputs it reads
    rate: float = 1e-3
    average: int = 0  # steps that the parameters are averaged over; 0: none, the last count
    warm_up: int = 50
    clip: float = 1.0
    loss: Loss = Loss()
    seed: int = 0


class Hydra(nn.Module):
    """The net, on the CPU. `vocab`, [V], are the tokens that it can draft."""

    def __init__(self, llama, vocab, *, width, layers):
        super().__init__()
        dim = llama.config.dim
        self.vocab, self.layers = vocab, layers
        self.w1 = nn.Parameter(torch.zeros(width, (2 + len(layers)) * dim))
        self.bias = nn.Parameter(torch.zeros(width))
        self.w2 = nn.Parameter(torch.zeros(dim, width))  # the first step changes nothing
        self.out = nn.Parameter(torch.eye(dim))
        self.embedding = llama.embedding.cpu()
        self.head = llama.head.cpu()[vocab].float()

    @torch.no_grad()
    def start(self, scales, generator):
        """Initialises at random; `scales` are the root mean squares of the parts of `w1`'s input."""
        width, dim, parts = self.w1.shape[0], self.w2.shape[0], len(scales)
        noise = torch.randn(width, parts, dim, generator=generator) / (parts * dim) ** 0.5
        self.w1.copy_((noise / torch.tensor(scales)[:, None]).flatten(1))

    @torch.no_grad()
    def start_from(self, tensors):
        """Copies the parameters of another head, by name; raises ValueError if a shape differs."""
        for name, parameter in self.named_parameters():
            if tensors[name].shape != parameter.shape:
                raise ValueError(
                    f"Cannot start from the head: {name} must be {[*parameter.shape]}: "
                    f"received {[*tensors[name].shape]}"
                )
            parameter.copy_(tensors[name])

    def step(self, states, inputs, tokens, generator=None):
        """Returns the next states, [B, dim], from states, the inputs of layers,
        [B, layers · dim], and the tokens that the states chose, [B]. A generator turns
        dropout on."""
        x = torch.cat([states, inputs, self.embedding[tokens]], -1)
        inner = F.silu(F.linear(x, self.w1, self.bias))
        if generator is not None:
            stays = torch.rand(inner.shape, generator=generator) >= DROPOUT
            inner = inner * stays / (1 - DROPOUT)
        return states + F.linear(inner, self.w2)

    def logits(self, states):
        """[B, dim] -> [B, V]"""
        return F.linear(F.linear(states, self.out), self.head)


class HydraTrainer:
    """Trains a head on states."""

    def __init__(self, llama, places, *, vocab, plan):
        self.places, self.plan = places, plan
        # The head trains on the CPU, whatever type suits the model's device.
        on_cpu = llama.device.type == "cpu"
        self.dtype = llama.dtype if on_cpu else torch.float32
        self.hydra = Hydra(llama, vocab, width=plan.width, layers=plan.layers)
        self.step, self.curve = 0, []
        sizes = [*places.sizes(), self.hydra.embedding.square().mean().sqrt()]
        self.hydra.start(torch.stack(sizes).tolist(), draws(plan.seed, "hydra"))
        self.mean = deepcopy(self.hydra) if plan.average else self.hydra
        self.index = torch.full((llama.config.vocab,), -1)
        self.index[vocab] = torch.arange(len(vocab))
        self.optimizer = torch.optim.AdamW(
            self.hydra.parameters(), betas=(0.9, 0.98), weight_decay=0.01
        )

    def start_from(self, tensors):
        """Copies the parameters of another head, and starts the average from them."""
        self.hydra.start_from(tensors)
        self.mean.start_from(tensors)

    def advance(self):
        """Takes a step. Returns its figures and appends them to the curve."""
        plan = self.plan
        share = share_of_rate(self.step, steps=plan.steps, warm_up=plan.warm_up)
        for group in self.optimizer.param_groups:
            group["lr"] = plan.rate * share
        generator = draws(plan.seed, "step", self.step)
        with torch.autocast("cpu", self.dtype, enabled=self.dtype != torch.float32):
            logits, labels, teacher = self._draft(
                self.hydra, self.places, self._batch(), generator
            )
        loss = plan.loss(logits, labels, teacher) / plan.loss.weights(labels).sum()
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.hydra.parameters(), plan.clip)
        self.optimizer.step()
        self.step += 1
        if plan.average:
            self._average()
        found = known(ranks(logits.detach(), labels))
        figures = {"step": self.step, "loss": loss.item(), **summary(found)}
        self.curve.append(figures)
        return figures

    @torch.no_grad()
    def _average(self):
        """Moves the averages towards the parameters: single texts sway the last steps."""
        for mean, now in zip(self.mean.parameters(), self.hydra.parameters()):
            mean.lerp_(now, 1 / self.plan.average)

    def _batch(self):
        """Returns the step's places, from shuffled epochs without end."""
        places, plan = self.places.places, self.plan
        return places[batch_of(self.step, count=len(places), size=plan.batch, seed=plan.seed)]

    def _draft(self, hydra, texts, places, generator=None):
        """Drafts at places of texts. Returns logits, labels and the model's own logits."""
        state, inputs, tokens, own = texts.read(places)
        said = []
        for depth in range(texts.depth):
            state = hydra.step(state, inputs, tokens[:, depth], generator)
            said.append(hydra.logits(state))
        with torch.no_grad():
            teacher = F.linear(own, hydra.head)
        return torch.stack(said, 1).float(), self.index[tokens[:, 1:]], teacher

    def state(self):
        """Returns the state that `load` resumes from."""
        return {
            "plan": self.plan,
            "step": self.step,
            "curve": self.curve,
            "hydra": self.hydra.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, state):
        """Resumes from a state; raises ValueError if its plan differs."""
        check_resumable(state, plan=self.plan)
        self.step, self.curve = state["step"], list(state["curve"])
        self.hydra.load_state_dict(state["hydra"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])

    @torch.no_grad()
    def judge(self, texts):
        """Drafts at all places of texts that were held out."""
        found = [self._draft(self.mean, texts, places) for places in texts.answers]
        return [
            Drafts(known(ranks(logits, labels)), shares_of(logits))
            for logits, labels, _ in found
        ]


def known(found):
    """Counts labels outside the head's vocabulary as missed."""
    return found.clamp(max=NO_LABEL - 1)


def common_tokens(llama, examples, count):
    """Returns the commonest tokens of the answers, [count], in rising order."""
    seen = Counter(token for example in examples for token in example.answer)
    often = [token for token, _ in seen.most_common(count)]
    others = (token for token in range(llama.config.vocab) if token not in seen)
    often += [next(others) for _ in range(count - len(often))]
    return torch.tensor(sorted(often))

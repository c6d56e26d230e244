"""The keys, values and hidden states of a text. Text rows see nothing that is learned, so
they are computed without gradients, and kept as far as memory allows.
"""

from dataclasses import dataclass

import torch

from .llama import attention


@dataclass(frozen=True)
class Text:
    """The states of a text; `keys` are rotated."""

    ids: torch.Tensor  # [T]
    keys: torch.Tensor  # [layers, kv_heads, T, head_dim]
    values: torch.Tensor  # [layers, kv_heads, T, head_dim]
    hidden: torch.Tensor  # [T, dim]

    @property
    def bytes(self):
        return sum(t.nbytes for t in (self.ids, self.keys, self.values, self.hidden))


@torch.no_grad()
def read_text(llama, ids, extras=None):
    """Computes the states of token ids, [T]. One text at a time: padding could change bits."""
    ids = torch.as_tensor(ids, device=llama.device)
    T = len(ids)
    causal = torch.ones(1, T, T, dtype=torch.bool, device=llama.device).tril()
    keys, values = [], []
    positions = torch.arange(T, device=llama.device)[None]
    views = llama.views(causal, positions, positions)

    def attend(layer, q, k, v):
        keys.append(k[0])
        values.append(v[0])
        return attention(q, k, v, views(layer))

    hidden = llama.run(llama.embedding[ids][None], positions, attend, extras)
    return Text(ids, torch.stack(keys), torch.stack(values), hidden[0])


class TextCache:
    """Caches the results of `read_text`, up to `budget` bytes."""

    def __init__(self, llama, budget):
        self.llama, self.free, self.texts = llama, budget, {}

    def read(self, ids):
        key = tuple(ids)
        if key in self.texts:
            return self.texts[key]
        text = read_text(self.llama, ids)
        if text.bytes <= self.free:
            self.free -= text.bytes
            self.texts[key] = text
        return text

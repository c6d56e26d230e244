"""The learned parameters of an adapter.

The paper has M mask embeddings, and the keys and values of P prompt tokens in every layer.
Only mask rows attend to the prompt tokens. Keys are stored without rotation, one for each
key head.

Three kinds of parameters go beyond the paper: a vector for each layer and mask, and
low-rank updates `b @ a` of chosen linears from `first_layer` on. They act on mask rows
only, so the rows that decide tokens are unchanged.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .llama import LINEARS
from .text import read_text


@dataclass(frozen=True)
class Shape:
    """The sizes of an adapter's parameters."""

    masks: int = 3
    prompts: int = 16
    vectors: bool = False
    rank: int = 0
    linears: tuple[str, ...] = ()
    first_layer: int = 0

    def __post_init__(self):
        unknown = set(self.linears) - set(LINEARS)
        if unknown:
            raise ValueError(
                f"Cannot shape an adapter: linears must be of {', '.join(LINEARS)}: received {', '.join(sorted(unknown))}"
            )
        if bool(self.rank) != bool(self.linears):
            raise ValueError(
                f"Cannot shape an adapter: a rank and linears must come together: received rank {self.rank}, {len(self.linears)} linears"
            )


class Adapter(nn.Module):
    """The parameters, in float32. Rows are in the order of `Layout`."""

    def __init__(self, config, shape):
        super().__init__()
        self.shape = shape
        L = config.layers
        kv = (L, config.kv_heads, shape.prompts, config.head_dim)
        self.mask_embeddings = nn.Parameter(torch.zeros(shape.masks, config.dim))
        self.prompt_keys = nn.Parameter(torch.zeros(kv))
        self.prompt_values = nn.Parameter(torch.zeros(kv))
        if shape.vectors:
            self.layer_vectors = nn.Parameter(torch.zeros(L, shape.masks, config.dim))
        self.a, self.b = nn.ParameterDict(), nn.ParameterDict()
        for linear in shape.linears:
            outs, ins = config.linear_shape(linear)
            changed = L - shape.first_layer
            self.a[linear] = nn.Parameter(torch.zeros(changed, shape.rank, ins))
            self.b[linear] = nn.Parameter(torch.zeros(changed, outs, shape.rank))

    @torch.no_grad()
    def start_from_text(self, llama, ids, generator):
        """Initialises the prompts with the keys and values of a text's first tokens, and the
        masks near its mean embedding."""
        count = self.shape.prompts
        if count:
            text = read_text(llama, (ids * (count // len(ids) + 1))[:count])
            self.prompt_keys.copy_(text.keys)
            self.prompt_values.copy_(text.values)
        mean = llama.embedding[torch.tensor(ids, device=llama.device)].mean(0)
        noise = torch.randn(self.mask_embeddings.shape, generator=generator)
        spread = 0.02 * llama.embedding.std()
        self.mask_embeddings.copy_(mean + spread * noise.to(mean.device))
        self._start_updates(generator)

    @torch.no_grad()
    def start_at_random(self, generator):
        """Initialises prompts and masks from N(0, 0.02), as in the paper."""
        for parameter in (self.mask_embeddings, self.prompt_keys, self.prompt_values):
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(0.02 * noise)
        self._start_updates(generator)

    def _start_updates(self, generator):
        for a in self.a.values():  # b stays zero: the first step changes nothing
            a.copy_(torch.randn(a.shape, generator=generator) / a.shape[-1] ** 0.5)

    def enter(self, layer, x):
        """Adds each mask's vector to its rows, [1, R, dim], at the input of a layer."""
        if not self.shape.vectors:
            return x
        groups = x.shape[1] // self.shape.masks
        return x + self.layer_vectors[layer].repeat(groups, 1)

    def change(self, linear, layer, x, y):
        """Adds the low-rank update of a linear to its output `y` for the input `x`."""
        layer -= self.shape.first_layer
        if layer < 0 or linear not in self.shape.linears:
            return y
        a, b = self.a[linear][layer].to(x.dtype), self.b[linear][layer].to(x.dtype)
        return y + F.linear(F.linear(x, a), b)


def untrained(llama, prompt, masks):
    """Returns the adapter that the server uses without tuning: no prompts, and each mask is
    the mean embedding of the text's prompt."""
    adapter = Adapter(llama.config, Shape(masks=masks, prompts=0)).to(llama.device)
    with torch.no_grad():
        adapter.mask_embeddings.copy_(llama.embedding[torch.tensor(prompt)].mean(0))
    return adapter

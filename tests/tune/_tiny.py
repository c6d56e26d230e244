"""A tiny random Llama for tests, and texts for it."""

import os
from functools import cache

import torch

from tune.adapter import Adapter, Shape
from tune.answers import Example
from tune.draws import draws
from tune.llama import LINEARS, Llama


@cache
def tiny():
    return Llama(os.environ["TINY"])


def some_ids(count, name="ids"):
    return torch.randint(256, (count,), generator=draws(name)).tolist()


def some_examples(count, answer=20):
    return [
        Example(some_ids(5 + i % 4, f"prompt {i}"), some_ids(answer, f"answer {i}"))
        for i in range(count)
    ]


def some_adapter(llama=None, **shape):
    """Returns an adapter of which every part has an effect."""
    adapter = Adapter((llama or tiny()).config, Shape(**shape))
    generator = draws("adapter")
    with torch.no_grad():
        for parameter in adapter.parameters():
            parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
    return adapter


EXTENDED = {"vectors": True, "rank": 2, "linears": LINEARS, "first_layer": 1}

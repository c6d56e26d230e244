"""Named random generators. Step 7 draws the same numbers whether or not step 6 ran in this
process, so a checkpoint needs no generator state.
"""

import hashlib

import torch


def draws(*name):
    """Returns a new generator, seeded by the parts of `name`."""
    digest = hashlib.sha256("/".join(map(str, name)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8]) >> 1)


def batch_of(step, *, count, size, seed):
    """Returns the indices of a step's batch, [size], from shuffled epochs without end."""
    steps = max(1, count // size)  # in an epoch
    epoch, at = divmod(step, steps)
    order = torch.randperm(count, generator=draws(seed, "epoch", epoch))
    return order[at * size : (at + 1) * size]

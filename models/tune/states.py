"""Hidden states of texts, kept in files.

The states of a text are the last layer's output and the inputs of some layers, concatenated:
[T, dim · (1 + layers)]. Computing them takes a whole pass, which decoding the answer has
made already.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch

from .text import read_text


class Tap:
    """Collects states during a run of the model, as its `extras`."""

    def __init__(self, llama, layers):
        self.llama, self.layers, self.inputs = llama, tuple(layers), []

    def enter(self, layer, x):
        if layer in self.layers:
            self.inputs.append(self.llama.norm(x, self.llama.blocks[layer]["attn_norm"]))
        return x

    def change(self, _name, _layer, _h, y):
        return y

    def take(self, hidden):
        """Returns the states of the run with the output `hidden`, float16 on the CPU."""
        states = torch.cat([hidden, *self.inputs], -1).half().cpu()
        self.inputs.clear()
        return states


class Recording(Tap):
    """Collects the states of texts that are decoded at once."""

    def begin(self, hidden, lengths):
        """Adds the states of prompts, [B, T, dim], that all end in the last column."""
        states = self.take(hidden)
        self.texts = [[row[-length:]] for row, length in zip(states, lengths)]

    def add(self, hidden, texts):
        """Adds one row, [B, 1, dim], to each of the given texts."""
        for text, row in zip(texts, self.take(hidden)):
            self.texts[text].append(row)

    def states(self, text, count):
        """Returns the first `count` states of a text."""
        return torch.cat(self.texts[text])[:count]


class StateFiles:
    """A folder with one file for each text."""

    def __init__(self, folder, llama, layers):
        most = llama.config.layers - 1
        if not all(0 <= layer <= most for layer in layers):
            raise ValueError(
                f"Cannot keep states: layers must be 0 to {most}: received {layers}"
            )
        self.folder, self.llama, self.layers = Path(folder), llama, tuple(sorted(layers))
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, ids):
        key = f"{self.llama.digest} {self.layers} {ids}"
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.npy"

    def write(self, ids, states):
        """Writes the states of all tokens but the last, which is never read."""
        path = self.path(ids)
        partial = path.with_suffix(".partial")
        with open(partial, "wb") as file:
            np.save(file, states.numpy())
        partial.replace(path)

    def read(self, ids):
        """Returns the states of all tokens but the last; computes them if there is no file."""
        path = self.path(ids)
        if not path.exists():
            tap = Tap(self.llama, self.layers)
            hidden = read_text(self.llama, ids[:-1], tap).hidden
            self.write(ids, tap.take(hidden[None])[0])
        return torch.from_numpy(np.load(path))

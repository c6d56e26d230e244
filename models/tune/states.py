"""Hidden states of texts, kept in files.

A text's states are what its last layer gives and what some layers before read, side by
side: [T, dim · (1 + layers)]. They cost a whole pass, and answering gives them away.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch

from .text import read_text


class Tap:
    """Takes states on their way through the model, as `extras` of a run."""

    def __init__(self, llama, layers):
        self.llama, self.layers, self.inputs = llama, tuple(layers), []

    def enter(self, layer, x):
        if layer in self.layers:
            self.inputs.append(self.llama.norm(x, self.llama.blocks[layer]["attn_norm"]))
        return x

    def change(self, _name, _layer, _h, y):
        return y

    def take(self, hidden):
        """Gives the states of the run whose last layer gave `hidden`, float16 on the CPU."""
        states = torch.cat([hidden, *self.inputs], -1).half().cpu()
        self.inputs.clear()
        return states


class Recording(Tap):
    """Takes the states of texts that are decoded at once."""

    def begin(self, hidden, lengths):
        """Takes those of prompts, [B, T, dim], that all end in the last column."""
        states = self.take(hidden)
        self.texts = [[row[-length:]] for row, length in zip(states, lengths)]

    def add(self, hidden, texts):
        """Takes a row more, [B, 1, dim], of each of the given texts."""
        for text, row in zip(texts, self.take(hidden)):
            self.texts[text].append(row)

    def states(self, text, count):
        """Gives the first states of a text."""
        return torch.cat(self.texts[text])[:count]


class StateFiles:
    """A folder with a file a text."""

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
        """Keeps the states of all tokens but the last, whose row nothing needs."""
        path = self.path(ids)
        partial = path.with_suffix(".partial")
        with open(partial, "wb") as file:
            np.save(file, states.numpy())
        partial.replace(path)

    def read(self, ids):
        """Gives the states of all tokens but the last; reads the text if it must."""
        path = self.path(ids)
        if not path.exists():
            tap = Tap(self.llama, self.layers)
            hidden = read_text(self.llama, ids[:-1], tap).hidden
            self.write(ids, tap.take(hidden[None])[0])
        return torch.from_numpy(np.load(path))

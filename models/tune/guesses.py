"""The likeliest guesses of the masks at every anchor of a text, kept in files.

A file has the tokens and their logits, [A, M, KEPT], best first, for the A anchors of an
example and M masks. Computing them takes a pass over all mask rows. The files are small, so
a head that reranks them trains in minutes.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .draft import draft
from .layout import all_anchors, lay_out
from .text import read_text

KEPT = 32  # guesses of a mask


@dataclass(frozen=True)
class Guesses:
    """Guesses at A anchors, with the tokens of the right path."""

    tokens: torch.Tensor  # [A, M, KEPT]
    logits: torch.Tensor  # [A, M, KEPT]
    before: torch.Tensor  # [A, M] the token before the one that a mask guesses
    labels: torch.Tensor  # [A, M] that token; -1 where the text is over

    def at(self, anchors):
        """Returns the guesses at some anchors."""
        return Guesses(*(part[anchors] for part in vars(self).values()))

    @staticmethod
    def joined(texts):
        """Returns the guesses of texts, one after the other."""
        return Guesses(*map(torch.cat, zip(*(vars(text).values() for text in texts))))


class GuessFiles:
    """A folder with a file a text, all of one model and one adapter."""

    def __init__(self, folder, llama, adapter, path):
        self.folder, self.llama, self.adapter = Path(folder), llama, adapter
        self.digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()  # of the adapter
        self.folder.mkdir(parents=True, exist_ok=True)

    def read(self, example):
        """Returns the guesses of an example; computes them if there is no file."""
        ids = torch.tensor(example.ids)
        layout = lay_out(ids, all_anchors(example), self.adapter.shape.masks)
        key = f"{self.llama.digest} {self.digest} {len(example.prompt)} {example.ids}"
        path = self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.npz"
        if not path.exists():
            self._write(path, *self._guess(example.ids, layout))
        with np.load(path) as found:
            tokens, logits = (torch.from_numpy(found[name]) for name in ("tokens", "logits"))
        before = ids[layout.positions.clamp(max=len(ids) - 1)]
        return Guesses(tokens.long(), logits.float(), before, layout.labels)

    def read_all(self, examples, live):
        """Returns the guesses of examples, text by text."""
        found = []
        for example in examples:
            found.append(self.read(example))
            live.show(f"guessed {len(found)}/{len(examples)}")
        return found

    @torch.no_grad()
    def _guess(self, ids, layout):
        device = self.llama.device
        text = read_text(self.llama, ids)
        layout = type(layout)(*(part.to(device) for part in vars(layout).values()))
        best = self.llama.logits(draft(self.llama, self.adapter, text, layout)).topk(KEPT)
        return best.indices.int().cpu().numpy(), best.values.half().cpu().numpy()

    def _write(self, path, tokens, logits):
        partial = path.with_suffix(".partial")
        with open(partial, "wb") as file:
            np.savez(file, tokens=tokens, logits=logits)
        partial.replace(path)

"""Writes an adapter with a random Hydra head, and prints a text and what the head drafts
after it."""

import json
import sys
from types import SimpleNamespace

import torch
from _tiny import some_adapter, some_ids, tiny

from tune.adapter_file import add_hydra, write_adapter
from tune.draws import draws
from tune.hydra import Hydra, HydraPlan
from tune.states import Tap
from tune.text import read_text

path = sys.argv[1]
llama, ids, vocab = tiny(), some_ids(6), torch.tensor([2, 3, 5, 8, 13, 21, 34])
write_adapter(
    path,
    some_adapter(),
    {"base_sha256": llama.digest, "shape": "{}"},
)
hydra = Hydra(llama, vocab, width=32, layers=(1,))
with torch.no_grad():
    for parameter in hydra.parameters():
        parameter.copy_(0.1 * torch.randn(parameter.shape, generator=draws("hydra")))
table = {"shares": [], "seen": [[[1]]], "hits": [[[1]]]}
trainer = SimpleNamespace(mean=hydra, plan=HydraPlan(steps=1), curve=[])
add_hydra(path, trainer, {"acceptance": table}, torch.float32)

with torch.no_grad():
    tap = Tap(llama, hydra.layers)
    state = read_text(llama, ids, tap).hidden[-1:]
    inputs = tap.inputs[0][0, -1:]
    logits = []
    for token in (7, 9):
        state = hydra.step(state, inputs, torch.tensor([token]))
        logits.append(hydra.logits(state)[0].tolist())
print(json.dumps({"ids": ids, "logits": logits}))

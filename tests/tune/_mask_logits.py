"""Writes adapters and prints the logits of their masks after a text, a line of JSON each.

    python _mask_logits.py CASES

CASES is a JSON list. Each case has the path of a `model` and of an `adapter`, the number
of `tokens` of the text, and a `shape` as `Shape` in `adapter.py` has it.
"""

import json
import sys

import torch
from _tiny import some_adapter, some_ids

from tune.adapter_file import adapter_metadata, read_adapter, write_adapter
from tune.draft import draft
from tune.layout import lay_out
from tune.llama import Llama
from tune.loss import Loss
from tune.text import read_text
from tune.train import Plan



@torch.no_grad()
def mask_logits(model, adapter, tokens, shape):
    llama = Llama(model)
    learned = some_adapter(llama, masks=3, prompts=5, **shape)
    state = {"shape": learned.shape, "plan": Plan(loss=Loss(), steps=1), "curve": []}
    write_adapter(adapter, learned, adapter_metadata(llama, state), torch.float16)
    adapter, _ = read_adapter(adapter, llama)
    ids = some_ids(tokens)
    text = read_text(llama, ids)
    layout = lay_out(text.ids, torch.tensor([len(ids) - 1]), 3)
    logits = llama.logits(draft(llama, adapter, text, layout))
    return {"ids": ids, "logits": logits[0].tolist()}


for case in json.loads(sys.argv[1]):
    print(json.dumps(mask_logits(**case)))

"""Writes an adapter and prints the logits of its masks after a text, as JSON.

    python _mask_logits.py ADAPTER SHAPE

SHAPE is JSON, as `Shape` in `adapter.py` has it.
"""

import json
import sys

import torch
from _tiny import some_adapter, some_ids, tiny

from tune.adapter_file import adapter_metadata, read_adapter, write_adapter
from tune.draft import draft
from tune.layout import lay_out
from tune.loss import Loss
from tune.text import read_text
from tune.train import Plan

path, shape = sys.argv[1:]
learned = some_adapter(masks=3, prompts=5, **json.loads(shape))
state = {"shape": learned.shape, "plan": Plan(loss=Loss(), steps=1), "curve": []}
write_adapter(path, learned, adapter_metadata(tiny(), state), torch.float16)
adapter, _ = read_adapter(path, tiny())
ids = some_ids(30)
text = read_text(tiny(), ids)
layout = lay_out(text.ids, torch.tensor([len(ids) - 1]), 3)
with torch.no_grad():
    logits = tiny().logits(draft(tiny(), adapter, text, layout))
print(json.dumps({"ids": ids, "logits": logits[0].tolist()}))

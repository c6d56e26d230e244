"""Writes the tokenizer of a GGUF file as the folder that lm-eval reads.

    python tokenizer.py MODEL.gguf FOLDER
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

from gguf import GGUFReader
from tune.tokenizer import Chat

path, folder = sys.argv[1], Path(sys.argv[2])
chat = Chat(GGUFReader(path).fields)
chat.tokenizer.save(str(folder / "tokenizer.json"))
(folder / "tokenizer_config.json").write_text(json.dumps({
    "tokenizer_class": "PreTrainedTokenizerFast",
    "eos_token": chat.special["eos_token"],
    "model_max_length": 2048,
}))

"""Writes how llama.cpp reads the fixed text with a model; `golden.json` is of Gemma 3 270M.

    (cd tests/bench/llama && npm install --no-save)
    pip install numpy
    python golden.py ~/.cache/bita/models/gemma-3-270m-*.gguf golden.json

`ids` are the text's tokens. For each of them but the last, `surprises` has minus the
logarithm of the next token's probability and `best` the likeliest token. `continued` is
what follows the first `start` tokens, greedily.

The library is node-llama-cpp's. Its structures are passed on as they are; only the first
numbers of the context's are set, as their places are the same in all versions.
"""

import ctypes as c
import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
BINARIES = HERE.parents[1] / "bench/llama/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64"
START, LENGTH = 40, 16
CONTEXT, BATCH = 1024, 64


class Params(c.Structure):
    """More room than any of the library's structures of parameters has."""
    _fields_ = [("numbers", c.c_uint32 * 256)]


class Batch(c.Structure):
    _fields_ = [
        ("count", c.c_int32), ("token", c.POINTER(c.c_int32)), ("embd", c.c_void_p),
        ("pos", c.POINTER(c.c_int32)), ("n_seq_id", c.POINTER(c.c_int32)),
        ("seq_id", c.POINTER(c.POINTER(c.c_int32))), ("logits", c.POINTER(c.c_int8)),
    ]


def library(name):
    [path] = BINARIES.glob(f"lib{name}.v*.so")
    return c.CDLL(str(path), mode=c.RTLD_GLOBAL)


def main():
    c.CDLL(str(BINARIES / "libggml-base.so"), mode=c.RTLD_GLOBAL)
    ggml, lib = library("ggml"), library("llama")
    ggml.ggml_backend_load_all_from_path(str(BINARIES).encode())
    for name, result, arguments in [
        ("llama_model_default_params", Params, []),
        ("llama_context_default_params", Params, []),
        ("llama_model_load_from_file", c.c_void_p, [c.c_char_p, Params]),
        ("llama_init_from_model", c.c_void_p, [c.c_void_p, Params]),
        ("llama_model_get_vocab", c.c_void_p, [c.c_void_p]),
        ("llama_vocab_n_tokens", c.c_int32, [c.c_void_p]),
        ("llama_tokenize", c.c_int32, [c.c_void_p, c.c_char_p, c.c_int32,
                                       c.POINTER(c.c_int32), c.c_int32, c.c_bool, c.c_bool]),
        ("llama_batch_init", Batch, [c.c_int32, c.c_int32, c.c_int32]),
        ("llama_decode", c.c_int32, [c.c_void_p, Batch]),
        ("llama_get_logits_ith", c.POINTER(c.c_float), [c.c_void_p, c.c_int32]),
        ("llama_set_n_threads", None, [c.c_void_p, c.c_int32, c.c_int32]),
        ("llama_get_memory", c.c_void_p, [c.c_void_p]),
        ("llama_memory_clear", None, [c.c_void_p, c.c_bool]),
    ]:
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    lib.llama_backend_init()
    model = lib.llama_model_load_from_file(sys.argv[1].encode(), lib.llama_model_default_params())
    params = lib.llama_context_default_params()
    params.numbers[0], params.numbers[1], params.numbers[2] = CONTEXT, BATCH, BATCH
    context = lib.llama_init_from_model(model, params)
    lib.llama_set_n_threads(context, 1, 1)
    vocab = lib.llama_model_get_vocab(model)
    words = lib.llama_vocab_n_tokens(vocab)
    batch = lib.llama_batch_init(BATCH, 0, 1)

    def read(tokens, past):
        """Returns the logits of all tokens, at most a batch."""
        batch.count = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i], batch.pos[i] = token, past + i
            batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = 1, 0, 1
        assert lib.llama_decode(context, batch) == 0
        return [
            np.ctypeslib.as_array(lib.llama_get_logits_ith(context, i), (words,)).astype(np.float64)
            for i in range(len(tokens))
        ]

    text = (HERE.parent / "text.txt").read_bytes()
    place = (c.c_int32 * CONTEXT)()
    ids = list(place[:lib.llama_tokenize(vocab, text, len(text), place, CONTEXT, True, False)])
    surprises, best = [], []
    for at in range(0, len(ids) - 1, BATCH):
        for row, logits in enumerate(read(ids[at:min(at + BATCH, len(ids) - 1)], at)):
            most = logits.max()
            total = most + np.log(np.exp(logits - most).sum())
            surprises.append(round(float(total - logits[ids[at + row + 1]]), 4))
            best.append(int(logits.argmax()))
    lib.llama_memory_clear(lib.llama_get_memory(context), True)
    logits = read(ids[:START], 0)[-1]
    continued = []
    for past in range(START, START + LENGTH):
        continued.append(int(logits.argmax()))
        logits = read(continued[-1:], past)[-1]
    golden = {"ids": ids, "surprises": surprises, "best": best,
              "start": START, "continued": continued}
    Path(sys.argv[2]).write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()

"""Log-likelihoods by a plain PyTorch Llama, of the very weights that a server reads.

Shares no code with the server, and keeps no KV cache. The weights are those of the
converted model's folder: floats as they are, 8-bit blocks times their scales.

    python reference.py MODEL.gguf FOLDER < tokens.jsonl > likelihoods.jsonl

A line of the input is [tokens of the context, tokens of the continuation]; one of the
output is the sum of the continuation's log probabilities.
"""

import json
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGUFReader, dequantize


class Weights:
    """The tensors of a converted model, `[out, in]` each, or vectors."""

    def __init__(self, folder):
        self.places = json.loads((folder / "weights.json").read_text())
        self.bytes = np.memmap(folder / "weights.bin", dtype=np.uint8, mode="r")

    def read(self, name):
        place = self.places[name]
        start, length = place["offset"], place["length"]
        kind = {"float32": np.float32, "uint8": np.uint8}[place["type"]]
        return self.bytes[start : start + length].view(kind).reshape(place["dims"])

    def linear(self, name):
        if name in self.places:
            return torch.from_numpy(self.read(name).T.copy())
        levels = self.read(f"{name}.bytes").astype(np.float32) - 128
        scales = self.read(f"{name}.scales").reshape(levels.shape[0], -1, 1)
        return torch.from_numpy((levels * scales).reshape(levels.shape[0], -1))

    def vector(self, name):
        return torch.from_numpy(self.read(name).copy())


class Llama:
    def __init__(self, path, folder):
        reader = GGUFReader(path)
        field = lambda name: reader.fields[f"llama.{name}"].contents()
        self.heads = field("attention.head_count")
        self.kv_heads = field("attention.head_count_kv")
        self.epsilon = field("attention.layer_norm_rms_epsilon")
        theta = reader.fields.get("llama.rope.freq_base")
        self.theta = theta.contents() if theta else 10000.0
        self.dim = field("embedding_length")
        weights = Weights(Path(folder))
        tensors = {tensor.name: tensor for tensor in reader.tensors}
        rows = tensors["token_embd.weight"]
        self.embedding = torch.from_numpy(
            np.array(dequantize(rows.data, rows.tensor_type), dtype=np.float32)
        )
        self.layers = [
            {
                **{n: weights.vector(f"blk.{i}.{n}.weight") for n in ("attn_norm", "ffn_norm")},
                "qkv": weights.linear(f"blk.{i}.attn_qkv"),
                **{
                    n: weights.linear(f"blk.{i}.{n}.weight")
                    for n in ("attn_output", "ffn_gate", "ffn_up", "ffn_down")
                },
            }
            for i in range(field("block_count"))
        ]
        self.norm_weight = weights.vector("output_norm.weight")
        tied = "output.weight" not in tensors
        self.head = weights.linear("token_embd.weight" if tied else "output.weight")

    def norm(self, x, weight):
        return F.rms_norm(x, (self.dim,), weight, self.epsilon)

    def rotate(self, x):  # [tokens, heads, head_dim], rotated by halves
        count, half = x.shape[0], x.shape[-1] // 2
        frequency = self.theta ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.arange(count)[:, None] * frequency[None]
        cos, sin = angle.cos().float()[:, None], angle.sin().float()[:, None]
        a, b = x.chunk(2, -1)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    def logits(self, ids):  # [tokens] -> [tokens, vocab]
        x = self.embedding[ids]
        count = len(ids)
        for layer in self.layers:
            h = self.norm(x, layer["attn_norm"])
            every = (h @ layer["qkv"].T).view(count, self.heads + 2 * self.kv_heads, -1)
            q, k, v = every.split([self.heads, self.kv_heads, self.kv_heads], 1)
            group = self.heads // self.kv_heads
            k = self.rotate(k).repeat_interleave(group, 1)
            v = v.repeat_interleave(group, 1)
            a = F.scaled_dot_product_attention(
                self.rotate(q).transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1),
                is_causal=True,
            ).transpose(0, 1).reshape(count, -1)
            x = x + a @ layer["attn_output"].T
            h = self.norm(x, layer["ffn_norm"])
            x = x + (F.silu(h @ layer["ffn_gate"].T) * (h @ layer["ffn_up"].T)) @ layer["ffn_down"].T
        return self.norm(x, self.norm_weight) @ self.head.T


def main():
    torch.set_grad_enabled(False)
    model = Llama(*sys.argv[1:3])

    @lru_cache(maxsize=4)  # the answers of a question have most of their tokens in common
    def likelihoods(ids):
        return model.logits(torch.tensor(ids)).double().log_softmax(-1)

    for line in sys.stdin:
        context, continuation = json.loads(line)
        rows = likelihoods((*context, *continuation[:-1]))[len(context) - 1 :]
        print(float(rows[range(len(continuation)), continuation].sum()), flush=True)


main()

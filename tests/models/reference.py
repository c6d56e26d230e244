"""Writes what a plain PyTorch Llama says to the prompts of tests/prompts.jsonl.

The authority that the graphs are compared with: it shares no code with them, reads
the weights through the `gguf` package, and keeps no KV cache.

    pip install torch gguf tokenizers
    python tests/models/reference.py MODEL.gguf > tests/models/reference.jsonl
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGUFReader, dequantize
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

NEW_TOKENS = 64
EVERY = 97  # logits kept: ids 0, 97, 194, …
SCORED = 38  # tokens of a prompt whose log probabilities are kept
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def tokenizer(fields):
    tokens = fields["tokenizer.ggml.tokens"].contents()
    types = fields["tokenizer.ggml.token_type"].contents()
    merges = fields["tokenizer.ggml.merges"].contents()
    bpe = models.BPE(
        vocab={token: i for i, token in enumerate(tokens)},
        merges=[tuple(merge.split(" ")) for merge in merges],
    )
    result = Tokenizer(bpe)
    result.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
    ])
    result.decoder = decoders.ByteLevel()
    result.add_special_tokens([
        AddedToken(token, special=True, normalized=False)
        for token, kind in zip(tokens, types) if kind == 3
    ])
    return result


class Llama:
    def __init__(self, reader):
        field = lambda name: reader.fields[f"llama.{name}"].contents()
        self.layers = field("block_count")
        self.heads = field("attention.head_count")
        self.kv_heads = field("attention.head_count_kv")
        self.epsilon = field("attention.layer_norm_rms_epsilon")
        self.theta = field("rope.freq_base")
        self.dim = field("embedding_length")
        self.head_dim = self.dim // self.heads
        self.weights = {
            t.name: torch.from_numpy(
                np.array(dequantize(t.data, t.tensor_type), dtype=np.float32)
            )
            for t in reader.tensors
        }

    def norm(self, x, name):
        return F.rms_norm(x, (self.dim,), self.weights[name], self.epsilon)

    def rotate(self, x):  # [tokens, heads, head_dim], rows in interleaved pairs
        count, half = x.shape[0], self.head_dim // 2
        frequency = self.theta ** (-torch.arange(half) / half)
        angle = torch.arange(count)[:, None] * frequency[None]
        cos, sin = angle.cos()[:, None], angle.sin()[:, None]
        even, odd = x[..., 0::2], x[..., 1::2]
        turned = torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1)
        return turned.flatten(-2)

    def logits(self, ids):  # [tokens] -> [tokens, vocab]
        w = self.weights
        x = w["token_embd.weight"][ids]
        count = len(ids)
        for layer in range(self.layers):
            p = f"blk.{layer}."
            h = self.norm(x, p + "attn_norm.weight")
            split = lambda t, n: t.view(count, n, self.head_dim)
            q = self.rotate(split(h @ w[p + "attn_q.weight"].T, self.heads))
            k = self.rotate(split(h @ w[p + "attn_k.weight"].T, self.kv_heads))
            v = split(h @ w[p + "attn_v.weight"].T, self.kv_heads)
            group = self.heads // self.kv_heads
            k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
            a = F.scaled_dot_product_attention(
                q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1),
                is_causal=True,
            ).transpose(0, 1).reshape(count, self.dim)
            x = x + a @ w[p + "attn_output.weight"].T
            h = self.norm(x, p + "ffn_norm.weight")
            gate = F.silu(h @ w[p + "ffn_gate.weight"].T)
            up = h @ w[p + "ffn_up.weight"].T
            x = x + (gate * up) @ w[p + "ffn_down.weight"].T
        head = w.get("output.weight", w["token_embd.weight"])
        return self.norm(x, "output_norm.weight") @ head.T


def main():
    torch.set_grad_enabled(False)
    reader = GGUFReader(sys.argv[1])
    tok, model = tokenizer(reader.fields), Llama(reader)
    end = reader.fields["tokenizer.ggml.eos_token_id"].contents()
    for line in (Path(__file__).parents[1] / "prompts.jsonl").open():
        prompt = json.loads(line)["prompt"]
        ids = tok.encode(
            f"<|im_start|>system\n{SYSTEM}<|im_end|>\n"
            f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
        ).ids
        likelihoods = model.logits(torch.tensor(ids)).double().log_softmax(-1)
        scores = likelihoods[range(len(ids) - 1), ids[1:]]
        text, gap = list(ids), []
        while len(text) < len(ids) + NEW_TOKENS and text[-1] != end or len(text) == len(ids):
            logits = model.logits(torch.tensor(text))[-1]
            if len(text) == len(ids):
                first = logits
            best = logits.topk(2)
            gap.append(float(best.values[0] - best.values[1]))
            text.append(int(best.indices[0]))
        print(json.dumps({
            "prompt": prompt,
            "ids": ids,
            "logits": [round(float(x), 5) for x in first[::EVERY]],
            **({"logprobs": [round(float(x), 5) for x in scores]}
               if len(ids) <= SCORED else {}),
            "greedy": text[len(ids):],
            "smallest_gap": round(min(gap), 5),
        }), flush=True)
        print(len(ids), tok.decode(text[len(ids):]), file=sys.stderr)


main()

"""The frozen model: the weights of a GGUF file, dequantised as in the server, and one
forward pass for all uses.

It is a Llama with what the other families have beyond it (see `config.py`). Reading a text,
decoding many at once and drafting with masks differ only in attention, so `run` takes it as
a function. Residuals and norms stay in float32.
"""

import hashlib
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGUFReader, dequantize

from .config import read_config

LINEARS = ("attn_qkv", "attn_output", "ffn_gate_up", "ffn_down")

ANYWHERE = 1 << 30  # the position of what is in every window

NORMS = (
    "attn_norm",
    "ffn_norm",
    "attn_q_norm",
    "attn_k_norm",
    "post_attention_norm",
    "post_ffw_norm",
)


class Llama:
    """A model whose weights never change."""

    def __init__(self, path, dtype=torch.float32, device="cpu"):
        self.path, self.dtype, self.device = path, dtype, torch.device(device)
        reader = GGUFReader(path)
        self.fields = reader.fields
        tensors = {tensor.name: tensor for tensor in reader.tensors}
        self.config = config = read_config(reader.fields, tensors)
        known = {"token_embd.weight", "output_norm.weight", "output.weight"}

        def read(name):
            known.add(name)
            tensor = tensors[name]
            values = dequantize(tensor.data, tensor.tensor_type)
            return torch.from_numpy(np.array(values, dtype=np.float32))

        def halves(name):
            matrix = read(name)
            return in_halves(matrix, config.head_dim) if config.family.pairs else matrix

        def linear(*parts):
            return torch.cat(parts).to(self.device, dtype)

        self.embedding = read("token_embd.weight").to(self.device)
        self.output_norm = read("output_norm.weight").to(self.device)
        tied = "output.weight" not in tensors
        self.head = linear(read("token_embd.weight" if tied else "output.weight"))
        if config.family.scaled:
            self.embedding = self.embedding * np.float32(config.dim**0.5)
        self.blocks = []
        for layer in range(config.layers):
            p = f"blk.{layer}."

            def qkv(kind):
                return linear(
                    halves(f"{p}attn_q.{kind}"),
                    halves(f"{p}attn_k.{kind}"),
                    read(f"{p}attn_v.{kind}"),
                )

            block = {
                "attn_qkv": qkv("weight"),
                "attn_output": linear(read(p + "attn_output.weight")),
                "ffn_gate_up": linear(
                    read(p + "ffn_gate.weight"), read(p + "ffn_up.weight")
                ),
                "ffn_down": linear(read(p + "ffn_down.weight")),
            }
            for norm in NORMS:
                if f"{p}{norm}.weight" in tensors:
                    block[norm] = read(f"{p}{norm}.weight").to(self.device)
            if config.biases:
                block["attn_qkv.bias"] = qkv("bias")
            self.blocks.append(block)
        divisors = read("rope_freqs.weight") if "rope_freqs.weight" in tensors else 1.0
        angles = frequencies(config.head_dim, config.base) / config.factor / divisors
        self.frequencies = angles.to(self.device)
        self.window_frequencies = frequencies(
            config.head_dim, config.family.window_base or config.base
        ).to(self.device)
        unknown = sorted(tensors.keys() - known)
        if unknown:
            raise ValueError(
                f"Cannot load the model: it must be one without {unknown[0]}: received one with it"
            )

    @cached_property
    def digest(self):
        """SHA-256 of the file, in hex."""
        with open(self.path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def run(self, x, positions, attend, extras=None):
        """Turns embedded rows into normalised hidden states.

        x: [B, R, dim]; positions: [B, R]; `attend(layer, q, k, v)` takes rotated
        queries [B, heads, R, head_dim] and keys and values [B, kv_heads, R, head_dim]
        and returns [B, heads, R, head_dim]. `extras` changes rows between the linears:
        see `Adapter`.
        """
        c = self.config
        B, R, _ = x.shape
        turns = self.turns(positions)
        sizes = [c.heads * c.head_dim, c.kv_heads * c.head_dim, c.kv_heads * c.head_dim]

        def linear(name, layer, h):
            y = F.linear(h, self.blocks[layer][name])
            return y if extras is None else extras.change(name, layer, h, y)

        def normed(x, norm, block):
            return self.norm(x, block[norm]) if norm in block else x

        x = x.float()
        for layer, block in enumerate(self.blocks):
            if extras is not None:
                x = extras.enter(layer, x)
            h = self.norm(x, block["attn_norm"])
            projected = linear("attn_qkv", layer, h)
            if c.biases:
                projected = projected + block["attn_qkv.bias"]
            q, k, v = (
                part.view(B, R, -1, c.head_dim).transpose(1, 2)
                for part in projected.split(sizes, -1)
            )
            q, k = normed(q, "attn_q_norm", block), normed(k, "attn_k_norm", block)
            turn = turns(layer)
            a = attend(layer, rotate(q, turn), rotate(k, turn), v)
            a = a.transpose(1, 2).reshape(B, R, -1)
            change = linear("attn_output", layer, a)
            x = x + normed(change, "post_attention_norm", block).float()
            h = self.norm(x, block["ffn_norm"])
            gate, up = linear("ffn_gate_up", layer, h).chunk(2, -1)
            gate = F.gelu(gate, approximate="tanh") if c.family.gelu else F.silu(gate)
            change = linear("ffn_down", layer, gate * up)
            x = x + normed(change, "post_ffw_norm", block).float()
        return self.norm(x, self.output_norm)

    def logits(self, hidden):
        """[..., dim] -> [..., vocab], in float32."""
        return F.linear(hidden, self.head).float()

    def norm(self, x, weight):
        return F.rms_norm(x, weight.shape, weight, self.config.epsilon).to(self.dtype)

    def turns(self, positions):
        """Returns a function of a layer: the cosines and sines of positions, [B, R], each
        [B, 1, R, head_dim / 2]."""

        def turn(frequencies):
            angle = positions.to(torch.float64)[:, None, :, None] * frequencies
            return angle.cos().float(), angle.sin().float()

        everywhere = turn(self.frequencies)
        if not self.config.window:
            return lambda layer: everywhere
        near = turn(self.window_frequencies)
        return lambda layer: near if self.config.windowed(layer) else everywhere

    def views(self, visible, rows, slots):
        """Returns a function of a layer: the slots that its rows see, of those `visible`,
        [B or 1, R, slots]. `rows` and `slots` are positions, [B or 1, R or slots]."""
        if not self.config.window:
            return lambda layer: visible
        narrow = visible & (slots[:, None, :] > rows[:, :, None] - self.config.window)
        return lambda layer: narrow if self.config.windowed(layer) else visible


def frequencies(head_dim, base):
    """Returns the angles of one position, [head_dim / 2]."""
    steps = torch.arange(head_dim // 2, dtype=torch.float64)
    return base ** (-2 * steps / head_dim)


def in_halves(matrix, head_dim):
    """Reorders each head's rows from pairs into two halves."""
    pairs = matrix.view(-1, head_dim // 2, 2, *matrix.shape[1:])
    return pairs.transpose(1, 2).reshape(matrix.shape)


def rotate(x, turn):
    """Rotates the two halves of each head, [B, heads, R, head_dim], by given angles."""
    cos, sin = turn
    a, b = x.float().chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype)


def attention(q, k, v, visible):
    """Returns the attention over the slots in `visible`, [B or 1, R, slots].

    q: [B, heads, R, head_dim]; k, v: [B, kv_heads, slots, head_dim]. The query heads
    that share a key head become its rows, so keys are not repeated.
    """
    B, heads, R, head_dim = q.shape
    shared = heads // k.shape[1]
    rows = q.reshape(B, k.shape[1], shared * R, head_dim)
    mask = visible[:, None].repeat(1, 1, shared, 1)
    out = F.scaled_dot_product_attention(rows, k, v, attn_mask=mask)
    return out.reshape(q.shape)

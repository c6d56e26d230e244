"""The frozen model: the weights of a GGUF file, dequantised as in the server, and one
forward pass for all uses.

Reading a text, decoding many at once and drafting with masks differ only in attention, so
`run` takes it as a function. Residuals and norms stay in float32.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGUFReader, dequantize

# What the server computes with and this pass does not.
BEYOND = {"rope_freqs.weight", "blk.0.attn_q.bias", "llama.rope.scaling.factor"}

LINEARS = ("attn_qkv", "attn_output", "ffn_gate_up", "ffn_down")


@dataclass(frozen=True)
class Config:
    """Dimensions, named as in the server's `architecture.ts`."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    dim: int
    hidden: int
    vocab: int
    theta: float
    epsilon: float

    def linear_shape(self, linear):
        """Returns the rows and columns of a linear: its outputs and inputs."""
        attended = self.heads * self.head_dim
        return {
            "attn_qkv": (attended + 2 * self.kv_heads * self.head_dim, self.dim),
            "attn_output": (self.dim, attended),
            "ffn_gate_up": (2 * self.hidden, self.dim),
            "ffn_down": (self.dim, self.hidden),
        }[linear]


class Llama:
    """A Llama whose weights never change."""

    def __init__(self, path, dtype=torch.float32, device="cpu"):
        self.path, self.dtype, self.device = path, dtype, torch.device(device)
        reader = GGUFReader(path)
        self.fields = reader.fields
        tensors = {tensor.name: tensor for tensor in reader.tensors}
        self.config = config = read_config(reader.fields, tensors)

        def read(name):
            tensor = tensors[name]
            values = dequantize(tensor.data, tensor.tensor_type)
            return torch.from_numpy(np.array(values, dtype=np.float32))

        def linear(*parts):
            return torch.cat(parts).to(self.device, dtype)

        def norm(name):
            return read(name).to(self.device)

        self.embedding = read("token_embd.weight").to(self.device)
        self.output_norm = norm("output_norm.weight")
        tied = "output.weight" not in tensors
        self.head = linear(read("token_embd.weight" if tied else "output.weight"))
        self.blocks = []
        for layer in range(config.layers):
            p = f"blk.{layer}."
            self.blocks.append({
                "attn_norm": norm(p + "attn_norm.weight"),
                "attn_qkv": linear(
                    halves(read(p + "attn_q.weight"), config.head_dim),
                    halves(read(p + "attn_k.weight"), config.head_dim),
                    read(p + "attn_v.weight"),
                ),
                "attn_output": linear(read(p + "attn_output.weight")),
                "ffn_norm": norm(p + "ffn_norm.weight"),
                "ffn_gate_up": linear(
                    read(p + "ffn_gate.weight"), read(p + "ffn_up.weight")
                ),
                "ffn_down": linear(read(p + "ffn_down.weight")),
            })

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
        turn = self.angles(positions)
        sizes = [c.heads * c.head_dim, c.kv_heads * c.head_dim, c.kv_heads * c.head_dim]

        def linear(name, layer, h):
            y = F.linear(h, self.blocks[layer][name])
            return y if extras is None else extras.change(name, layer, h, y)

        x = x.float()
        for layer, block in enumerate(self.blocks):
            if extras is not None:
                x = extras.enter(layer, x)
            h = self.norm(x, block["attn_norm"])
            q, k, v = (
                part.view(B, R, -1, c.head_dim).transpose(1, 2)
                for part in linear("attn_qkv", layer, h).split(sizes, -1)
            )
            a = attend(layer, rotate(q, turn), rotate(k, turn), v)
            a = a.transpose(1, 2).reshape(B, R, -1)
            x = x + linear("attn_output", layer, a).float()
            h = self.norm(x, block["ffn_norm"])
            gate, up = linear("ffn_gate_up", layer, h).chunk(2, -1)
            x = x + linear("ffn_down", layer, F.silu(gate) * up).float()
        return self.norm(x, self.output_norm)

    def logits(self, hidden):
        """[..., dim] -> [..., vocab], in float32."""
        return F.linear(hidden, self.head).float()

    def norm(self, x, weight):
        return F.rms_norm(x, (self.config.dim,), weight, self.config.epsilon).to(self.dtype)

    def angles(self, positions):
        """[B, R] -> cosines and sines, each [B, 1, R, head_dim / 2]."""
        half = self.config.head_dim // 2
        steps = torch.arange(half, dtype=torch.float64, device=self.device)
        frequency = self.config.theta ** (-steps / half)
        angle = positions.to(torch.float64)[:, None, :, None] * frequency
        return angle.cos().float(), angle.sin().float()


def read_config(fields, tensors):
    """Returns the dimensions; raises ValueError unless the model is a plain Llama."""
    architecture = fields["general.architecture"].contents()
    if architecture != "llama":
        raise ValueError(
            f"Cannot load the model: its architecture must be llama: received {architecture}"
        )
    beyond = [*BEYOND & tensors.keys(), *BEYOND & fields.keys()]
    if beyond:
        raise ValueError(
            f"Cannot load the model: it must be a Llama without {beyond[0]}: received one with it"
        )

    def field(name, default=None):
        found = fields.get(f"llama.{name}")
        return default if found is None else found.contents()

    dim, heads = field("embedding_length"), field("attention.head_count")
    return Config(
        layers=field("block_count"),
        heads=heads,
        kv_heads=field("attention.head_count_kv", heads),
        head_dim=field("attention.key_length", dim // heads),
        dim=dim,
        hidden=field("feed_forward_length"),
        vocab=int(tensors["token_embd.weight"].shape[1]),
        theta=field("rope.freq_base", 10_000.0),
        epsilon=field("attention.layer_norm_rms_epsilon"),
    )


def halves(matrix, head_dim):
    """Reorders each head's rows into two halves; GGUF interleaves them."""
    pairs = matrix.view(-1, head_dim // 2, 2, matrix.shape[1])
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

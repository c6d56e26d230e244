"""Prints what PyTorch computes with tiny models: a line of JSON a model, with its name and
its logits of the ids 0, 7, 14, … after each length of a text.

    python pytorch.py NAMES TEXT FOLDER

NAMES is a JSON list, TEXT is `{"ids": [...], "lengths": [...]}`, and FOLDER has NAME.gguf.
The models are Hugging Face's; the weights are read by the `gguf` package.
"""

import json
import sys

import numpy as np
import torch
import transformers
from gguf import GGUFReader, dequantize

EVERY = 7

NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}

# The classes of each architecture, and the names that differ.
MODELS = {
    "llama": ("Llama", {}),
    "qwen2": ("Qwen2", {}),
    "qwen3": ("Qwen3", {}),
    "granite": ("Granite", {}),
    "smollm3": ("SmolLM3", {}),
    "gemma3": ("Gemma3", {"ffn_norm": "pre_feedforward_layernorm"}),
    "phi3": ("Phi3", {"attn_qkv": "self_attn.qkv_proj", "ffn_up": "mlp.gate_up_proj"}),
    "olmo2": ("Olmo2", {}),
    "olmo3": ("Olmo3", {}),
    "falcon": ("Falcon", {
        "token_embd": "transformer.word_embeddings",
        "output_norm": "transformer.ln_f",
        "attn_qkv": "self_attention.query_key_value",
        "attn_output": "self_attention.dense",
        "ffn_up": "mlp.dense_h_to_4h",
        "ffn_down": "mlp.dense_4h_to_h",
    }),
}

# Of so many layers, all but the last have a window.
PERIODS = {"gemma3": 6, "olmo3": 4}

# Whose rows of queries and keys are in pairs, which these models have in halves.
IN_PAIRS = ("llama", "granite", "smollm3")


class File:
    """A tiny model's file."""

    def __init__(self, path):
        reader = GGUFReader(path)
        self.fields = reader.fields
        self.tensors = {
            t.name: torch.from_numpy(np.array(dequantize(t.data, t.tensor_type)))
            for t in reader.tensors
        }
        self.architecture = self.fields["general.architecture"].contents()
        self.layers = self.field("block_count")
        self.heads = self.field("attention.head_count")
        self.kv_heads = self.field("attention.head_count_kv")
        self.dim = self.field("embedding_length")
        self.head_dim = self.field("attention.key_length", self.dim // self.heads)

    def field(self, name, default=None):
        found = self.fields.get(f"{self.architecture}.{name}")
        return default if found is None else found.contents()

    @property
    def window(self):
        return self.field("attention.sliding_window")

    @property
    def kind(self):
        """The name in MODELS: OLMo 3 is an OLMo 2 with a window."""
        windowed = self.architecture == "olmo2" and self.window
        return "olmo3" if windowed else self.architecture


def configuration(file):
    base, factor = file.field("rope.freq_base", 10_000.0), file.field("rope.scaling.factor", 1.0)
    rope = {"rope_type": "default", "rope_theta": base}
    if factor != 1:
        rope |= {"rope_type": "linear", "factor": factor}
    rotated = file.field("rope.dimension_count", file.head_dim)
    options = {
        "vocab_size": len(file.tensors["token_embd.weight"]),
        "hidden_size": file.dim,
        "intermediate_size": file.field("feed_forward_length"),
        "num_hidden_layers": file.layers,
        "num_attention_heads": file.heads,
        "num_key_value_heads": file.kv_heads,
        "head_dim": file.head_dim,
        "max_position_embeddings": file.field("context_length"),
        "rms_norm_eps": file.field("attention.layer_norm_rms_epsilon"),
        "rope_parameters": rope | {"partial_rotary_factor": rotated / file.head_dim},
        "tie_word_embeddings": "output.weight" not in file.tensors,
        "attention_bias": "blk.0.attn_q.bias" in file.tensors,
        "attn_implementation": "eager",
        "pad_token_id": None,
    }
    if file.window:
        options["sliding_window"] = file.window
    name = MODELS[file.kind][0]
    if file.kind in PERIODS:
        options["layer_types"] = layer_types(file.layers, PERIODS[file.kind])
        options["rope_parameters"] = {
            "full_attention": rope,
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        }
    if file.kind == "gemma3":
        name, options["query_pre_attn_scalar"] = "Gemma3Text", file.head_dim
    if file.kind == "granite":
        options |= {
            "embedding_multiplier": file.field("embedding_scale"),
            "residual_multiplier": file.field("residual_scale"),
            "attention_multiplier": file.field("attention.scale"),
            "logits_scaling": file.field("logit_scale"),
        }
    if file.kind == "falcon":
        del options["head_dim"]  # it is computed
        options |= {
            "ffn_hidden_size": file.field("feed_forward_length"),
            "num_kv_heads": file.kv_heads,
            "new_decoder_architecture": True,
            "num_ln_in_parallel_attn": 1,
            "parallel_attn": True,
            "bias": False,
            "layer_norm_epsilon": file.field("attention.layer_norm_epsilon"),
        }
    return getattr(transformers, f"{name}Config")(**options)


def layer_types(layers, period):
    return [
        "full_attention" if layer % period == period - 1 else "sliding_attention"
        for layer in range(layers)
    ]


def weights(file):
    names = NAMES | MODELS[file.kind][1]
    block = "transformer.h" if file.kind == "falcon" else "model.layers"
    state = {}
    for name, tensor in file.tensors.items():
        *at, name, kind = name.split(".")
        if name.startswith("rope_"):
            continue
        if file.architecture in IN_PAIRS and name in ("attn_q", "attn_k"):
            tensor = in_halves(tensor, file.head_dim)
        if file.kind == "gemma3" and "norm" in name:
            tensor = tensor - 1  # which the file has added
        if file.kind == "falcon" and name == "attn_qkv":
            tensor = by_key_head(tensor, file)
        prefix = f"{block}.{at[1]}." if at else ""
        state[f"{prefix}{names[name]}.{kind}"] = tensor
        if name == "attn_v" and kind == "bias" and file.kind == "llama":
            state[f"{prefix}self_attn.o_proj.bias"] = torch.zeros(file.dim)
    return state


def in_halves(tensor, head_dim):
    pairs = tensor.reshape(-1, head_dim // 2, 2, *tensor.shape[1:])
    return pairs.transpose(1, 2).reshape(tensor.shape)


def by_key_head(tensor, file):
    """Puts the query heads of each key head before it and its values."""
    size, shared = file.head_dim, file.heads // file.kv_heads
    q, k, v = tensor.split([file.heads * size, *[file.kv_heads * size] * 2])
    parts = (q.view(file.kv_heads, shared * size, -1), *(
        part.view(file.kv_heads, size, -1) for part in (k, v)
    ))
    return torch.cat(parts, 1).reshape(tensor.shape)


def open_model(file):
    name = MODELS[file.kind][0]
    model = getattr(transformers, f"{name}ForCausalLM")(configuration(file)).eval()
    missing, unexpected = model.load_state_dict(weights(file), strict=False)
    tied = ["lm_head.weight"] if "output.weight" not in file.tensors else []
    assert (missing, unexpected) == (tied, []), (missing, unexpected)
    model.tie_weights()
    divisors = [t for n, t in file.tensors.items() if n in ("rope_freqs.weight", "rope_factors_long.weight")]
    for divisor in divisors:
        model.model.rotary_emb.inv_freq /= divisor
        model.model.rotary_emb.attention_scaling = file.field("rope.scaling.attn_factor", 1.0)
    return model


@torch.no_grad()
def main():
    names, text, folder = sys.argv[1:]
    text = json.loads(text)
    for name in json.loads(names):
        model = open_model(File(f"{folder}/{name}.gguf"))
        logits = [
            model(torch.tensor([text["ids"][:length]]), use_cache=False).logits[0, -1, ::EVERY]
            for length in text["lengths"]
        ]
        rounded = [[round(x, 5) for x in row.tolist()] for row in logits]
        print(json.dumps({"name": name, "logits": rounded}, separators=(",", ":")), flush=True)


main()

"""The adapter's safetensors file, which the server loads.

    mask_embeddings [M, dim]
    prompt_keys, prompt_values [layers, kv_heads, P, head_dim]
    layer_vectors [layers, M, dim]                only with `vectors`; the server refuses them
    update.LINEAR.a [changed, rank, in]           of each updated linear, in the layers
    update.LINEAR.b [changed, out, rank]          from `first_layer` to the last
    hydra.w1 [width, (2 + L) dim], hydra.bias [width]   of a Hydra head
    hydra.w2 [dim, width], hydra.out [dim, dim]
    conditional_prev, conditional_next [V, rank]  of a conditional head
    conditional_depth [M, 4]

The rows of `attn_qkv` are queries, keys and values, each head in rotary halves. The rows of
`ffn_gate_up` are gate and up. A row of `conditional_depth` is the scale, gain, slope and
offset of one mask; `conditional.py` has the formula.

The metadata are strings: `base_sha256`, `masks`, `prompts`, and as JSON `shape`, `plan`,
`curve` and `evaluation`. A Hydra head adds `hydra_vocab`, the ids that it can draft,
`hydra_layers`, whose inputs it reads, `hydra_plan`, `hydra_curve` and `hydra_evaluation`.
A conditional head adds `conditional_vocab`, the id of each row, `conditional_plan`,
`conditional_curve` and `conditional_evaluation`.
"""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save

from .adapter import Adapter, Shape

CURVE_POINTS = 100


def adapter_metadata(llama, state):
    """Returns the metadata of a run's state."""
    return {
        "base_sha256": llama.digest,
        "masks": str(state["shape"].masks),
        "prompts": str(state["shape"].prompts),
        "shape": json.dumps(asdict(state["shape"])),
        "plan": json.dumps(asdict(state["plan"])),
        "curve": json.dumps(thinned(state["curve"])),
    }


def thinned(curve):
    """Drops points of a curve until about CURVE_POINTS are left."""
    every = max(1, len(curve) // CURVE_POINTS)
    return curve[every - 1 :: every]


def write_adapter(path, adapter, metadata, dtype=torch.float32):
    """Writes an adapter in `dtype`, atomically."""
    tensors = {
        to_file_name(name): value.detach().to("cpu", dtype).contiguous()
        for name, value in adapter.named_parameters()
    }
    partial = Path(f"{path}.partial")
    partial.write_bytes(save(tensors, metadata))
    partial.replace(path)


def read_adapter(path, llama):
    """Returns the adapter, on the model's device, and its metadata; raises ValueError if it
    was tuned for another model."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        if metadata["base_sha256"] != llama.digest:
            raise ValueError(
                f"Cannot load the adapter: it must be tuned for {llama.digest}: received {metadata['base_sha256']}"
            )
        shape = json.loads(metadata["shape"])
        shape["linears"] = tuple(shape["linears"])
        adapter = Adapter(llama.config, Shape(**shape))
        with torch.no_grad():
            for name, parameter in adapter.named_parameters():
                parameter.copy_(file.get_tensor(to_file_name(name)))
    return adapter.to(llama.device), metadata


def annotate_adapter(path, **notes):
    """Adds metadata to a file; its tensors stay."""
    change_file(path, {}, notes)


def add_hydra(path, trainer, result, dtype=torch.float16):
    """Adds a Hydra head and its evaluation to an adapter's file."""
    hydra = trainer.mean
    tensors = {
        f"hydra.{name}": value.detach().to("cpu", dtype).contiguous()
        for name, value in hydra.named_parameters()
    }
    change_file(
        path,
        tensors,
        {
            "hydra_vocab": json.dumps(hydra.vocab.tolist()),
            "hydra_layers": json.dumps(hydra.layers),
            "hydra_plan": json.dumps(asdict(trainer.plan)),
            "hydra_curve": json.dumps(thinned(trainer.curve)),
            "hydra_evaluation": json.dumps(result),
        },
    )


def read_hydra(path, llama, layers):
    """Returns the tokens that a file's Hydra head can draft, [V], and its parameters by
    name; raises ValueError if there is no head or it reads other layers."""
    _, metadata = read_adapter(path, llama)
    found = json.loads(metadata.get("hydra_layers", "null"))
    if found != list(layers):
        raise ValueError(
            f"Cannot load {path}: its head must read layers {[*layers]}: received {found}"
        )
    with safe_open(path, "pt") as file:
        parameters = {
            name.removeprefix("hydra."): file.get_tensor(name).float()
            for name in file.keys()
            if name.startswith("hydra.")
        }
    return torch.tensor(json.loads(metadata["hydra_vocab"])), parameters


def add_conditional(path, trainer, result, dtype=torch.float16):
    """Adds a conditional head and its evaluation to an adapter's file."""
    head = trainer.conditional
    prev, after = head.tables()
    tensors = {"conditional_prev": prev, "conditional_next": after, "conditional_depth": head.depth}
    change_file(
        path,
        {name: value.detach().to("cpu", dtype).contiguous() for name, value in tensors.items()},
        {
            "conditional_vocab": json.dumps(head.vocab.tolist()),
            "conditional_plan": json.dumps(asdict(trainer.plan)),
            "conditional_curve": json.dumps(thinned(trainer.curve)),
            "conditional_evaluation": json.dumps(result),
        },
    )


def copy_hydra(source, path):
    """Copies the Hydra head of `source` into an adapter's file; raises ValueError if there is
    none, or if the two files are for different models."""
    with safe_open(source, "pt") as file, safe_open(path, "pt") as target:
        metadata, wanted = file.metadata(), target.metadata()["base_sha256"]
        if metadata["base_sha256"] != wanted:
            raise ValueError(
                f"Cannot copy the head: {source} must be tuned for {wanted}: received {metadata['base_sha256']}"
            )
        names = [name for name in file.keys() if name.startswith("hydra.")]
        tensors = {name: file.get_tensor(name) for name in names}
    if not tensors:
        raise ValueError(f"Cannot copy the head: {source} must have one: received none")
    notes = {name: text for name, text in metadata.items() if name.startswith("hydra_")}
    change_file(path, tensors, notes)


def change_file(path, tensors, notes):
    """Adds or replaces tensors and metadata of a file, atomically."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata() | notes
        tensors = {name: file.get_tensor(name) for name in file.keys()} | tensors
    partial = Path(f"{path}.partial")
    partial.write_bytes(save(tensors, metadata))
    partial.replace(path)


def to_file_name(name):
    """`"a.ffn_down"` -> `"update.ffn_down.a"`; other names stay."""
    factor, _, linear = name.partition(".")
    return f"update.{linear}.{factor}" if linear else name

"""The dimensions of a model, and what its architecture has beyond plain Llama, named as in
the server's `models/architectures/`.
"""

from dataclasses import dataclass, replace

LARGEST_GEMMA = 62  # layers of the one whose attention has another scale

# What no pass here computes.
BEYOND = ("expert_count", "attn_logit_softcapping", "final_logit_softcapping")


@dataclass(frozen=True)
class Family:
    """What an architecture has beyond plain Llama."""

    pairs: bool = False  # rows of queries and keys are in pairs, else in halves
    head_norms: bool = False  # of the queries and keys of each head
    norms_after: bool = False  # of what attention and feed-forward add
    gelu: bool = False  # instead of SiLU
    scaled: bool = False  # embeddings by the root of their size
    period: int = 0  # of so many layers, all but the last have a window
    window_base: float = 0.0  # of the angles in these layers


FAMILIES = {
    "llama": Family(pairs=True),
    "qwen2": Family(),
    "qwen3": Family(head_norms=True),
    "gemma3": Family(
        head_norms=True,
        norms_after=True,
        gelu=True,
        scaled=True,
        period=6,
        window_base=10_000.0,
    ),
}


@dataclass(frozen=True)
class Config:
    """Dimensions and options."""

    family: Family
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    dim: int
    hidden: int
    vocab: int
    epsilon: float
    biases: bool  # of queries, keys and values
    base: float  # of the angles
    factor: float  # that divides positions
    window: int  # tokens that a row sees in some layers; 0: all

    def linear_shape(self, linear):
        """Returns the rows and columns of a linear: its outputs and inputs."""
        attended = self.heads * self.head_dim
        return {
            "attn_qkv": (attended + 2 * self.kv_heads * self.head_dim, self.dim),
            "attn_output": (self.dim, attended),
            "ffn_gate_up": (2 * self.hidden, self.dim),
            "ffn_down": (self.dim, self.hidden),
        }[linear]

    def windowed(self, layer):
        """Returns whether a layer has a window."""
        period = self.family.period
        return self.window > 0 and layer % period < period - 1


def read_config(fields, tensors):
    """Returns the dimensions; raises ValueError if tuning does not know all of the model."""
    architecture = fields["general.architecture"].contents()
    if architecture not in FAMILIES:
        raise refusal(f"its architecture must be one of {', '.join(FAMILIES)}", architecture)

    def field(name, default=None):
        found = fields.get(f"{architecture}.{name}")
        return default if found is None else found.contents()

    family = FAMILIES[architecture]
    dim, heads = field("embedding_length"), field("attention.head_count")
    config = Config(
        family=family,
        layers=field("block_count"),
        heads=heads,
        kv_heads=field("attention.head_count_kv", heads),
        head_dim=field("attention.key_length", dim // heads),
        dim=dim,
        hidden=field("feed_forward_length"),
        vocab=int(tensors["token_embd.weight"].shape[1]),
        epsilon=field("attention.layer_norm_rms_epsilon"),
        biases="blk.0.attn_q.bias" in tensors,
        base=field("rope.freq_base", 10_000.0),
        factor=field("rope.scaling.factor", field("rope.scale_linear", 1.0)),
        window=field("attention.sliding_window", 0) if family.period else 0,
    )
    for name in BEYOND:
        if field(name):
            raise refusal(f"{name} must be absent", field(name))
    rotated = field("rope.dimension_count", config.head_dim)
    if rotated != config.head_dim:
        raise refusal("all numbers of a head must be rotated", rotated)
    scaling = field("rope.scaling.type", "linear")
    if scaling == "none":
        config = replace(config, factor=1.0)
    elif scaling != "linear":
        raise refusal("rope.scaling.type must be linear or none", scaling)
    period = field("attention.sliding_window_pattern", family.period)
    if config.window and period != family.period:
        raise refusal(f"all but one of {family.period} layers must have a window", period)
    if family.scaled and config.layers == LARGEST_GEMMA:
        raise refusal("it must be a smaller Gemma", f"{LARGEST_GEMMA} layers")
    return config


def refusal(rule, received):
    return ValueError(f"Cannot load the model: {rule}: received {received}")

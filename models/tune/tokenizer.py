"""The tokenizer and the chat template of a GGUF file, as in the server."""

from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

CONTROL = 3  # in `tokenizer.ggml.token_type`

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CUTS = {
    "gpt-2": [GPT2],
    "smollm": [r"\p{N}", GPT2],
    "starcoder": [r"\p{N}", GPT2],
}

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class Chat:
    """Encodes a user's message as the token ids of a prompt."""

    def __init__(self, fields):
        def field(name, default=None):
            found = fields.get(f"tokenizer.{name}")
            return default if found is None else found.contents()

        tokens, types = field("ggml.tokens"), field("ggml.token_type")
        self.end = field("ggml.eos_token_id")
        self.controls = {t for t, kind in zip(tokens, types) if kind == CONTROL}
        self.tokenizer = build_tokenizer(
            tokens, field("ggml.merges"), field("ggml.pre"), self.controls
        )
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        self.template = environment.from_string(field("chat_template", CHATML))
        bos = field("ggml.bos_token_id")
        self.special = {
            "bos_token": "" if bos is None else tokens[bos],
            "eos_token": tokens[self.end],
        }

    def encode(self, content):
        """Returns the ids of a chat up to the start of the answer.

        A message that contains a control token raises ValueError: the server encodes it
        differently.
        """
        for control in self.controls:
            if control in content:
                raise ValueError(
                    f"Cannot encode a message: it must contain no control token: received {control}"
                )
        text = self.render(content, add_generation_prompt=True)
        return self.tokenizer.encode(text).ids

    def encode_header(self):
        """Returns the ids of a chat up to the start of the user's message."""
        mark = "\0"
        text = self.render(mark, add_generation_prompt=False)
        return self.tokenizer.encode(text[: text.index(mark)]).ids

    def decode(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=False)

    def render(self, content, add_generation_prompt):
        return self.template.render(
            messages=[{"role": "user", "content": content}],
            add_generation_prompt=add_generation_prompt,
            **self.special,
        )


def build_tokenizer(tokens, merges, pre, controls):
    """Returns a byte-level BPE tokenizer; raises ValueError if `pre` is unknown."""
    if pre not in CUTS:
        raise ValueError(
            f"Cannot build a tokenizer: the pre-tokenizer must be one of {', '.join(CUTS)}: received {pre}"
        )
    tokenizer = Tokenizer(models.BPE(
        vocab={token: i for i, token in enumerate(tokens)},
        merges=[tuple(merge.split(" ")) for merge in merges],
    ))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        *(pre_tokenizers.Split(Regex(cut), "isolated") for cut in CUTS[pre]),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(t, special=True, normalized=False) for t in tokens if t in controls]
    )
    return tokenizer

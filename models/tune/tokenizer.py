"""The tokenizer and the chat template of a GGUF file, as in the server."""

from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
)

# Numbers in `tokenizer.ggml.token_type`.
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CUTS = {
    "gpt-2": [GPT2],
    "smollm": [r"\p{N}", GPT2],
    "starcoder": [r"\p{N}", GPT2],
    "llama-bpe": [GPT4.replace("DIGITS", r"\p{N}{1,3}")],
    "qwen2": [GPT4.replace("DIGITS", r"\p{N}")],
}
SPACE = "▁"

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
        self.tokenizer = build_tokenizer(field)
        template = field("chat_template")
        if template is None:
            if "<|im_end|>" not in self.controls:
                raise ValueError(
                    "Cannot write chats: the model must have a template or ChatML's tokens: received neither"
                )
            template = CHATML
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        self.template = environment.from_string(template)
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


def build_tokenizer(field):
    """Returns the tokenizer of the metadata that `field` reads; raises ValueError if it is of
    no known kind."""
    kind, tokens, types = field("ggml.model"), field("ggml.tokens"), field("ggml.token_type")
    if kind not in ("gpt2", "llama"):
        raise ValueError(
            f"Cannot build a tokenizer: the model must be gpt2 or llama: received {kind}"
        )
    of_type = lambda *kinds: {t: i for i, t in enumerate(tokens) if types[i] in kinds}
    if kind == "gpt2":
        tokenizer = byte_level(tokens, field("ggml.merges"), field("ggml.pre"))
    else:
        unknown = next(iter(of_type(UNKNOWN)), None)
        tokenizer = sentence_piece(
            of_type(NORMAL),
            of_type(UNKNOWN, BYTE),
            scores=field("ggml.scores"),
            unknown=unknown,
            prefix=field("ggml.add_space_prefix", True),
        )
    options = {"normalized": False}
    tokenizer.add_special_tokens(
        [AddedToken(t, special=True, **options) for t in of_type(CONTROL)]
    )
    tokenizer.add_tokens([AddedToken(t, **options) for t in of_type(USER_DEFINED)])
    return tokenizer


def byte_level(tokens, merges, pre):
    """Returns a byte-level BPE tokenizer."""
    if pre not in CUTS:
        raise ValueError(
            f"Cannot build a tokenizer: the pre-tokenizer must be one of {', '.join(CUTS)}: received {pre}"
        )
    tokenizer = Tokenizer(models.BPE(
        vocab={token: i for i, token in enumerate(tokens)},
        merges=[tuple(merge.split(" ")) for merge in merges],
        ignore_merges=pre == "llama-bpe",
    ))
    if pre == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        *(pre_tokenizers.Split(Regex(cut), "isolated") for cut in CUTS[pre]),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def sentence_piece(pieces, others, *, scores, unknown, prefix):
    """Returns a SentencePiece tokenizer: the pair whose union has the best score merges first,
    and characters without a piece become bytes."""
    merges = []
    for piece in sorted(pieces, key=lambda piece: (-scores[pieces[piece]], pieces[piece])):
        cuts = ((piece[:at], piece[at:]) for at in range(1, len(piece)))
        merges += [pair for pair in cuts if pair[0] in pieces and pair[1] in pieces]
    tokenizer = Tokenizer(models.BPE(
        vocab=others | pieces,
        merges=merges,
        unk_token=unknown,
        fuse_unk=True,
        byte_fallback=True,
    ))
    spaces = normalizers.Replace(" ", SPACE)
    start = [normalizers.Prepend(SPACE)] if prefix else []
    tokenizer.normalizer = normalizers.Sequence([*start, spaces])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return tokenizer

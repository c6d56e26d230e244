"""Writes golden.jsonl and golden_prompts.jsonl next to this file.

The reference is Hugging Face's `tokenizers` package (and Jinja for the prompts), with
the vocabulary of the default model:

    GGUF=SmolLM2-135M-Instruct.Q4_1.gguf python golden.py

golden.jsonl         [pre-tokenizer, text, ids], one line for each text
golden_prompts.jsonl {"messages": [...], "ids": [...]}, one line for each chat

Needs gguf, jinja2 and tokenizers. It is seeded, so equal versions write equal files.
"""

import json
import os
import random
from pathlib import Path

import jinja2
from gguf import GGUFReader
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

HERE = Path(__file__).parent
CONTROL = 3
TEXTS = 2_000
TEXTS_OTHER = 120

WORDS = """the of and a to in is it you that he was for on are with as his they
be at one have this from or had by hot but some what there we can out other were
all your when up use word how said an each she which do their time if will way
about many then them would write like so these her long make thing see him two
has look more day could go come did my sound no most number who over know water
than call first people may down side been now find I'm don't it's we'll you've
they're he'd Who's THEY'RE naïve café Zürich señor façade œuvre Straße
tokenizer internationalization antidisestablishmentarianism""".split()
CODE = """def return if(x): for(i=0;i<n;++i){ } => ** != === &&|| // /* */ #include
<stdio.h> const fn() -> Result<T, E> self.x += 1; print(f"{a:>8}") a[i][j] \\n
0x7fff $PATH @media ::before <div class="a"> </div> SELECT * FROM t; lambda:
import numpy as np ... #!/bin/sh https://example.org/a?b=c&d=%20 {"k": null}
__init__ snake_case camelCase kebab-case ~~~ ``` \\\\server\\share C:\\dir""".split()
CJK = "人工知能は面白いです。漢字かな交じり文、テスト「引用」你好世界我们在学习中文，语言模型！안녕하세요한국어텍스트"
SCRIPTS = [
    "مرحبا بالعالم ١٢٣ كيف حالك؟ اللُّغَة العربيّة",
    "שלום עולם Привет мир, как дела? Ёжик Γειά σου Κόσμε",
    "नमस्ते दुनिया १२३ สวัสดีชาวโลก ๔๕๖ Xin chào thế giới",
    "e\u0301 a\u0308 o\u0302\u0323 ﬁ ﬂ ½ ² ③ Ⅷ ٣ 五 ㊿ İıŞşſ ǅ",
]
EMOJI = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🇨🇭", "❤️", "🐀", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "🤷🏿‍♀️", "☃", "𝔘𝔫𝔦", "𒀀"]
SPACES = [" ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r", " \n ", "\u00a0", "\u3000", "\u2003",
          "\u2028", "\u0085", "\ufeff", "\u200b", "\v", "\f", "\x1c", "\u1680", "\u180e", "        "]
CONTROLS = [chr(c) for c in [*range(0x20), *range(0x7F, 0xA0), 0xAD, 0xFFFD, 0xFFFE, 0xFDD0]]
MARKS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<repo_name>", "<|im_end", "|im_end|>", "<|", "|>", "<||im_end|>"]


def number(r):
    return r.choice([
        str(r.randrange(10 ** r.randint(1, 12))),
        f"{r.random() * 1000:.{r.randint(0, 6)}f}",
        f"{r.randrange(1, 13):02}/{r.randrange(1, 29):02}/{r.randrange(1900, 2100)}",
        f"-{r.randrange(100)}e{r.randrange(30)}", f"{r.randrange(10**9):,}", f"0b{r.randrange(256):b}",
    ])


def anything(r):
    """Returns any code point. Those of planes 4 to 11 start with bytes not in the vocabulary."""
    while True:
        point = r.randrange(r.choice([0x300, 0x3000, 0x10000, 0x110000]))
        if not 0xD800 <= point < 0xE000:
            return chr(point)


def piece(r, kind):
    match kind:
        case "english": return r.choice(WORDS) + r.choice([" ", " ", " ", ", ", ". ", "? ", "! ", "; ", " — "])
        case "code": return r.choice(CODE) + r.choice([" ", "", "\n", "\n    ", "\n\t", ";\n"])
        case "numbers": return number(r) + r.choice([" ", "", ", ", " + ", "%", " km"])
        case "spaces": return r.choice(SPACES) * r.choice([1, 1, 2, 7]) + r.choice(["", "", "a", ".", "7", "é"])
        case "emoji": return r.choice(EMOJI) + r.choice(["", "", " ", "!"])
        case "cjk": return "".join(r.choice(CJK) for _ in range(r.randint(1, 6)))
        case "scripts":
            script = r.choice(SCRIPTS)
            at = r.randrange(len(script))
            return script[at:at + r.randint(1, 10)]
        case "controls": return r.choice(CONTROLS) + r.choice(["", "", "x", " ", "th"])
        case "marks": return r.choice(MARKS) + r.choice(["", " ", "\n", "user"])
        case "anything": return anything(r)


KINDS = ["english", "code", "numbers", "spaces", "emoji", "cjk", "scripts", "controls", "marks", "anything"]


def text(r):
    mixed = r.random() < 0.3
    kind = r.choice(KINDS)
    length = r.randint(1, 7)
    return "".join(piece(r, r.choice(KINDS) if mixed else kind) for _ in range(length))


def split(expression):
    return pre_tokenizers.Split(Regex(expression), "isolated")


def gpt4(digits):
    return split(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + digits +
                 r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_level(use_regex=True):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def gpt4o():
    upper, lower = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
    first, ending = r"[^\r\n\p{L}\p{N}]?", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    return split(f"{first}{upper}*{lower}+{ending}|{first}{upper}+{lower}*{ending}" +
                 r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


PRE_TOKENIZERS = {
    "smollm": [pre_tokenizers.Digits(individual_digits=True), byte_level()],
    "gpt-2": [byte_level()],
    "llama-bpe": [gpt4(r"\p{N}{1,3}"), byte_level(False)],
    "qwen2": [gpt4(r"\p{N}"), byte_level(False)],
    "default": [
        split(r"[\p{P}\$\+<=>\^~\|]+"),
        split(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"),
        split(r"\p{N}+"), split(r"[0-9][0-9][0-9]"), byte_level(False),
    ],
    "gpt-4o": [gpt4o(), byte_level(False)],
    "falcon": [
        pre_tokenizers.Punctuation("contiguous"), byte_level(),
        split(r"[0-9][0-9][0-9]"),
    ],
}


def main():
    fields = GGUFReader(os.environ["GGUF"]).fields

    def read(name):
        return fields[f"tokenizer.{name}"].contents()

    tokens, types = read("ggml.tokens"), read("ggml.token_type")

    def tokenizer(pre, controls=()):
        built = Tokenizer(models.BPE(
            vocab={token: id for id, token in enumerate(tokens)},
            merges=[tuple(merge.split(" ")) for merge in read("ggml.merges")],
            ignore_merges=pre == "llama-bpe",
        ))
        if pre == "qwen2":
            built.normalizer = normalizers.NFC()
        built.pre_tokenizer = pre_tokenizers.Sequence(PRE_TOKENIZERS[pre])
        built.add_special_tokens([AddedToken(c, special=True, normalized=False) for c in controls])
        return built

    r = random.Random(20240731)
    with open(HERE / "golden.jsonl", "w", encoding="utf-8") as out:
        for pre in PRE_TOKENIZERS:
            reference = tokenizer(pre)
            for _ in range(TEXTS if pre == "smollm" else TEXTS_OTHER):
                sample = text(r)
                line = [pre, sample, reference.encode(sample).ids]
                print(json.dumps(line, ensure_ascii=False, separators=(",", ":")), file=out)

    # The settings of transformers.
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(read("chat_template"))
    reference = tokenizer("smollm", [t for t, kind in zip(tokens, types) if kind == CONTROL])
    with open(HERE / "golden_prompts.jsonl", "w", encoding="utf-8") as out:
        for turns in range(40):
            roles = ["system"] * r.randint(0, 1) + ["user", "assistant"] * (turns % 3) + ["user"]
            messages = [{"role": role, "content": benign(r)} for role in roles]
            prompt = template.render(messages=messages, add_generation_prompt=True)
            line = {"messages": messages, "ids": reference.encode(prompt).ids}
            print(json.dumps(line, ensure_ascii=False, separators=(",", ":")), file=out)


def benign(r):
    """Returns a content without control tokens. It may be empty or have outer white space."""
    kinds = [kind for kind in KINDS if kind != "marks"]
    body = "".join(piece(r, r.choice(kinds)) for _ in range(r.randint(0, 8)))
    return r.choice(["", "", " ", "\n\n"]) + body + r.choice(["", "", " ", "\n", "<", "|>"])


if __name__ == "__main__":
    main()

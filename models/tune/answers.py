"""The model's greedy answers, which drafts must match. A line has a `prompt` and an
`answer`, both token ids.
"""

import hashlib
from dataclasses import dataclass

from .decode import decode
from .jsonl import append_lines, read_lines
from .states import Recording

HELD_OUT = 32  # one prompt in 32 is never trained on
SORTED_BATCHES = 8  # sorting this many batches by length leaves little padding


@dataclass(frozen=True)
class Example:
    """A prompt and its answer, token ids; a complete answer ends with the end token."""

    prompt: list[int]
    answer: list[int]

    @property
    def ids(self):
        return self.prompt + self.answer

    @property
    def held_out(self):
        """Whether it is held out; depends on the prompt only, so new data changes nothing."""
        text = " ".join(map(str, self.prompt))
        return hashlib.sha256(text.encode()).digest()[0] % HELD_OUT == 0


def read_examples(path, *, least):
    """Returns the examples whose answers have at least `least` tokens."""
    examples = (Example(**line) for line in read_lines(path))
    return [example for example in examples if len(example.answer) >= least]


def encode_prompts(chat, path, *, longest):
    """Returns the encoded `prompt` of each JSON line, without duplicates, without those over
    `longest` tokens and without those that contain a control token."""
    prompts = {}
    for line in read_lines(path):
        try:
            ids = chat.encode(line["prompt"])
        except ValueError:
            continue
        if len(ids) <= longest:
            prompts[tuple(ids)] = ids
    return list(prompts.values())


def write_answers(llama, prompts, path, *, new_tokens, batch, end, live, states=None):
    """Appends answers to the prompts that have none in the file. With `states`, a
    `StateFiles`, also writes the hidden states."""
    done = {tuple(line["prompt"]) for line in read_lines(path)}
    open_prompts = [prompt for prompt in prompts if tuple(prompt) not in done]
    answered, window = len(prompts) - len(open_prompts), batch * SORTED_BATCHES
    for first in range(0, len(open_prompts), window):
        ordered = sorted(open_prompts[first : first + window], key=len)
        for at in range(0, len(ordered), batch):
            part = ordered[at : at + batch]
            recording = states and Recording(llama, states.layers)
            texts = decode(
                llama,
                part,
                new_tokens=new_tokens,
                end=end,
                pick=lambda logits: logits.argmax(-1),
                recording=recording,
            )
            for i, (prompt, text) in enumerate(zip(part, texts)):
                if states:
                    ids = prompt + text
                    states.write(ids, recording.states(i, len(ids) - 1))
            append_lines(
                path,
                [{"prompt": p, "answer": text} for p, text in zip(part, texts)],
            )
            answered += len(part)
            live.show(f"answers {answered}/{len(prompts)}")

"""Prompts that the model writes, for tuning without a data set. The model continues the chat
template from the start of the user's message, at temperature 1.
"""

from .decode import decode
from .draws import draws
from .jsonl import append_lines, read_lines

LENGTHS = range(4, 129)  # tokens of a prompt that is kept


def write_prompts(llama, chat, path, *, count, batch, seed, live):
    """Appends JSON lines to a file until it has `count` different prompts."""
    known = {line["prompt"] for line in read_lines(path)}
    header = chat.encode_header()
    tried = 0
    while len(known) < count:
        generator = draws(seed, "prompts", len(known), tried)

        def sample(logits):
            chances = logits.softmax(-1).cpu()
            return chances.multinomial(1, generator=generator)[:, 0].to(logits.device)

        texts = decode(
            llama,
            [header] * batch,
            new_tokens=LENGTHS.stop,
            end=chat.end,
            pick=sample,
        )
        tried += batch
        fresh = dict.fromkeys(
            prompt for prompt in (to_prompt(chat, ids) for ids in texts) if prompt
        )
        new = [prompt for prompt in fresh if prompt not in known][: count - len(known)]
        append_lines(path, [{"prompt": prompt} for prompt in new])
        known.update(new)
        live.show(f"prompts {len(known)}/{count}")


def to_prompt(chat, ids):
    """Returns the text of a message; None if it is incomplete, of the wrong length, or
    contains a control token."""
    if ids[-1] != chat.end or len(ids) - 1 not in LENGTHS:
        return None
    text = chat.decode(ids[:-1]).strip()
    return None if any(control in text for control in chat.controls) else text

"""Compares adapters that differ in one choice. All are trained on the same texts for the
same number of steps and evaluated on the same held-out answers.
"""

from argparse import Namespace

from .evaluate import draft_text, evaluate
from .from_options import new_trainer, read_part
from .jsonl import append_lines, read_lines
from .llama import LINEARS
from .run import train

# By name, the options of `train` in which a variant differs from the paper's adapter.
VARIANTS = {
    "the paper's: 16 prompts, 3 masks": {},
    "no prompts": {"prompt_tokens": 0},
    "64 prompts": {"prompt_tokens": 64},
    "4 masks": {"masks": 4},
    "the answers as labels": {"soft": 0.0},
    "the model's distribution as labels": {"soft": 1.0},
    "random start": {"start": "random"},
    "a vector for each layer and mask": {"vectors": True},
    "updates of all linears, rank 16": {"rank": 16, "linears": LINEARS},
    "updates of output and down, layers 10 on, rank 32": {
        "rank": 32,
        "linears": ("attn_output", "ffn_down"),
        "first_layer": 10,
    },
}

SHOWN_TREES = ("5-4-3", "10-8-6", "5", "2-1", "1")


def ablate(args, llama, texts, *, stopped, live):
    """Trains and evaluates the variants that `ablation.jsonl` in the run's folder lacks.
    Returns its lines."""
    path = f"{args.run}/ablation.jsonl"
    for number, (name, changes) in enumerate(VARIANTS.items()):
        if any(line["variant"] == name for line in read_lines(path)):
            continue
        live.note(f"{number + 1}/{len(VARIANTS)} {name}")
        options = Namespace(**vars(args) | {"start_from": None} | changes)
        trainer = new_trainer(options, llama, texts)
        train(
            trainer,
            f"{args.run}/{number}",
            seconds=float("inf"),
            save_seconds=args.save_minutes * 60,
            stopped=stopped,
            live=live,
        )
        if trainer.step < args.steps:
            break
        append_lines(path, [{"variant": name, **judge(trainer, texts, args)}])
    return read_lines(path)


def judge(trainer, texts, args):
    """Evaluates a trained adapter on the first held-out texts."""
    masks = trainer.adapter.shape.masks
    examples = read_part(args.data, masks=masks, held_out=True)[: args.limit]
    drafts = [
        draft_text(trainer.llama, trainer.mean, texts.read(example.ids), example)
        for example in examples
    ]
    found = evaluate(drafts)
    return {key: found[key] for key in ("texts", "anchors", "top", "tokens")}


def table(lines):
    """Formats the lines as a Markdown table."""
    trees = [f"tree {tree}" for tree in SHOWN_TREES]
    rows = [
        ["learned", "mask 1 top-1/5/10", "mask 2", "mask 3", *trees],
        ["---"] * (4 + len(trees)),
    ]
    for line in lines:
        top = line["top"]
        shares = [
            "/".join(f"{top[k][mask]:.2f}".lstrip("0") for k in ("1", "5", "10"))
            for mask in range(3)
        ]
        tokens = [f"{line['tokens'][tree]:.2f}" for tree in SHOWN_TREES]
        rows.append([line["variant"], *shares, *tokens])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)

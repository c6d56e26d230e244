"""Builds objects from the options of the command line."""

import signal

import torch

from .adapter import Adapter, Shape
from .adapter_file import read_adapter
from .answers import read_examples
from .draws import draws
from .live import Live
from .llama import Llama
from .loss import Loss
from .run import read_checkpoint, train
from .text import TextCache
from .train import Plan, Trainer

GIB = 1 << 30
START_TOKENS = 4096  # whose mean embedding the masks start from


def open_llama(args):
    return Llama(args.model, getattr(torch, args.dtype), args.device)


def text_cache(args, llama):
    return TextCache(llama, int(args.cache_gib * GIB))


def read_part(path, *, masks, held_out):
    """Returns the examples that are held out, or the others; raises ValueError if there are
    none."""
    found = [
        example
        for example in read_examples(path, least=masks + 2)
        if example.held_out == held_out
    ]
    if not found:
        kind = "held-out" if held_out else "training"
        raise ValueError(
            f"Cannot read {path}: it must hold {kind} answers: received none"
        )
    return found


def some(examples, count, seed):
    """Draws at most `count` examples; a larger count only appends to them."""
    order = torch.randperm(len(examples), generator=draws(seed, "texts"))
    return [examples[i] for i in order[:count]]


def open_run(args):
    state = read_checkpoint(args.run)
    if state is None:
        raise ValueError(
            f"Cannot read {args.run}: it must hold a checkpoint: received none"
        )
    return state


def layers_of(args, llama):
    """Returns the layers whose inputs a Hydra head reads."""
    depth = llama.config.layers
    return (depth // 3, 2 * depth // 3) if args.layers is None else tuple(sorted(args.layers))


def new_trainer(args, llama, texts):
    """Returns a trainer at step 0; a checkpoint may be loaded into it."""
    examples = read_part(args.data, masks=args.masks, held_out=False)
    return Trainer(
        llama,
        start_adapter(args, llama, examples),
        examples,
        plan=Plan(
            loss=Loss(soft=args.soft, decay=args.decay, reach=args.reach),
            steps=args.steps,
            batch=args.batch,
            groups=args.groups,
            prompt_rate=args.prompt_rate,
            rate=args.rate,
            average=args.average,
            offset=args.offset,
            seed=args.seed,
        ),
        texts=texts,
    )


def start_adapter(args, llama, examples):
    """Returns the adapter that training starts from."""
    if args.start_from:
        return read_adapter(args.start_from, llama)[0]
    shape = Shape(
        masks=args.masks,
        prompts=args.prompt_tokens,
        vectors=args.vectors,
        rank=args.rank,
        linears=tuple(args.linears),
        first_layer=args.first_layer,
    )
    adapter, generator = Adapter(llama.config, shape).to(llama.device), draws(args.seed, "start")
    if args.start == "random":
        adapter.start_at_random(generator)
    else:
        ids = [token for example in examples for token in example.ids][:START_TOKENS]
        adapter.start_from_text(llama, ids, generator)
    return adapter


def stop_signal():
    """Returns a function that is true after SIGINT or SIGTERM."""
    asked = []
    for name in signal.SIGINT, signal.SIGTERM:
        signal.signal(name, lambda number, _frame: asked.append(number))
    return lambda: bool(asked)


def train_until_stopped(trainer, args):
    """Trains until the plan is done, the time is up or the process is told to end."""
    train(
        trainer,
        args.run,
        seconds=args.minutes * 60,
        save_seconds=args.save_minutes * 60,
        stopped=stop_signal(),
        live=Live(),
    )

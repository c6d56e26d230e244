"""The command line: `data`, `train`, `export`, `evaluate`, `hydra` and `plot`, in that
order."""

import json
import signal
import sys
from pathlib import Path

import torch

from . import evaluate as evaluation
from .adapter import Adapter, Shape, untrained
from .adapter_file import (
    adapter_metadata,
    add_hydra,
    annotate_adapter,
    read_adapter,
    write_adapter,
)
from .answers import encode_prompts, read_examples, write_answers
from .draws import draws
from .hydra import HydraPlan, HydraTrainer, Places, common_tokens
from .live import Live
from .llama import Llama
from .loss import Loss
from .options import parser
from .plot import plot
from .run import read_checkpoint, train
from .self_prompts import write_prompts
from .states import StateFiles
from .text import TextCache, read_text
from .tokenizer import Chat
from .train import Plan, Trainer

GIB = 1 << 30
START_TOKENS = 4096  # whose mean embedding the masks start from


def main():
    args = parser({
        "data": run_data,
        "train": run_train,
        "export": run_export,
        "evaluate": run_evaluate,
        "hydra": run_hydra,
        "plot": run_plot,
    }).parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        args.command(args)
    except (ValueError, FileNotFoundError) as error:
        sys.exit(f"tune: {error}")


def run_data(args):
    llama = open_llama(args)
    chat, live = Chat(llama.fields), Live()
    source = args.prompts
    if source is None:
        source = f"{args.out}.prompts"
        write_prompts(
            llama, chat, source, count=args.limit, batch=args.batch, seed=args.seed, live=live
        )
    prompts = encode_prompts(chat, source, longest=args.longest)[: args.limit]
    write_answers(
        llama,
        prompts,
        args.out,
        new_tokens=args.new_tokens,
        batch=args.batch,
        end=chat.end,
        live=live,
        states=StateFiles(args.states, llama, layers_of(args, llama)) if args.states else None,
    )
    live.note(f"answered {len(prompts)} prompts")


def run_train(args):
    llama = open_llama(args)
    examples = read_part(args.data, masks=args.masks, held_out=False)
    adapter = start_adapter(args, llama, examples)
    trainer = Trainer(
        llama,
        adapter,
        examples,
        plan=Plan(
            loss=Loss(soft=args.soft, decay=args.decay, reach=args.reach),
            steps=args.steps,
            batch=args.batch,
            groups=args.groups,
            prompt_rate=args.prompt_rate,
            rate=args.rate,
            offset=args.offset,
            seed=args.seed,
        ),
        texts=TextCache(llama, int(args.cache_gib * GIB)),
    )
    train_until_stopped(trainer, args)


def train_until_stopped(trainer, args):
    """Trains until the plan is done, the time is up or a signal comes."""
    asked = []
    for name in signal.SIGINT, signal.SIGTERM:
        signal.signal(name, lambda number, _frame: asked.append(number))
    train(
        trainer,
        args.run,
        seconds=args.minutes * 60,
        save_seconds=args.save_minutes * 60,
        stopped=lambda: bool(asked),
        live=Live(),
    )


def start_adapter(args, llama, examples):
    """Gives the adapter that training starts from."""
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


def run_export(args):
    llama, state = open_llama(args), open_run(args)
    adapter = Adapter(llama.config, state["shape"])
    adapter.load_state_dict(state["adapter"])
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    write_adapter(args.out, adapter, adapter_metadata(llama, state), getattr(torch, args.format))


def run_evaluate(args):
    llama, live = open_llama(args), Live()
    adapter = read_adapter(args.adapter, llama)[0] if args.adapter else None
    masks = adapter.shape.masks if adapter else Shape().masks
    examples = read_part(args.data, masks=masks, held_out=True)[: args.limit]
    texts = []
    for example in examples:
        drafter = adapter or untrained(llama, example.prompt, masks)
        text = read_text(llama, example.ids)
        texts.append(evaluation.draft_text(llama, drafter, text, example))
        live.show(f"evaluated {len(texts)}/{len(examples)}")
    result = evaluation.evaluate(texts)
    live.note(f"evaluated {len(texts)} texts")
    if args.adapter:
        annotate_adapter(args.adapter, evaluation=json.dumps(result))
    print(evaluation.describe(result))


def run_hydra(args):
    llama, live = open_llama(args), Live()
    plan = HydraPlan(
        steps=args.steps,
        batch=args.batch,
        depth=args.depth,
        width=args.width,
        words=args.words,
        layers=layers_of(args, llama),
        rate=args.rate,
        seed=args.seed,
    )
    learnt, held_out = (
        read_part(args.data, masks=args.depth, held_out=held) for held in (False, True)
    )
    files = StateFiles(args.states or f"{args.run}/states", llama, plan.layers)
    texts = Places(files, learnt, depth=args.depth, live=live)
    vocab = common_tokens(llama, learnt, args.words)
    trainer = HydraTrainer(llama, texts, vocab=vocab, plan=plan)
    train_until_stopped(trainer, args)
    if trainer.step < plan.steps:
        return
    found = trainer.judge(Places(files, held_out, depth=args.depth, live=live))
    result = evaluation.evaluate(found)
    add_hydra(args.adapter, trainer, result)
    print(evaluation.describe(result))


def layers_of(args, llama):
    """Gives the layers whose inputs a Hydra head reads."""
    depth = llama.config.layers
    return (depth // 3, 2 * depth // 3) if args.layers is None else tuple(sorted(args.layers))


def run_plot(args):
    plot(open_run(args)["curve"], args.out)


def read_part(path, *, masks, held_out):
    """Reads the examples that are held out, or the others."""
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


def open_run(args):
    state = read_checkpoint(args.run)
    if state is None:
        raise ValueError(
            f"Cannot read {args.run}: it must hold a checkpoint: received none"
        )
    return state


def open_llama(args):
    return Llama(args.model, getattr(torch, args.dtype), args.device)


main()

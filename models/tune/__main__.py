"""The command line: `data`, `train`, `export`, `evaluate` and `plot`, in that order."""

import argparse
import json
import signal
import sys
from pathlib import Path

import torch

from . import evaluate as evaluation
from .adapter import Adapter, Shape, untrained
from .adapter_file import adapter_metadata, annotate_adapter, read_adapter, write_adapter
from .answers import encode_prompts, read_examples, write_answers
from .draws import draws
from .live import Live
from .llama import LINEARS, Llama
from .loss import Loss
from .plot import plot
from .run import read_checkpoint, train
from .self_prompts import write_prompts
from .text import TextCache, read_text
from .tokenizer import Chat
from .train import Plan, Trainer

GIB = 1 << 30
START_TOKENS = 4096  # whose mean embedding the masks start from


def main():
    args = parser().parse_args()
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
    print(evaluation.describe(result))
    if args.adapter:
        annotate_adapter(args.adapter, evaluation=json.dumps(result))


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


def parser():
    """Names every option, its default and what it means."""
    top = argparse.ArgumentParser(prog="tune", description=__doc__)
    commands = top.add_subparsers(required=True)

    def command(name, run, about):
        sub = commands.add_parser(
            name,
            help=about,
            description=about,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        sub.set_defaults(command=run)
        sub.add_argument("--threads", type=int, help="CPU threads; all without it")
        return sub.add_argument

    def model(add):
        cuda = torch.cuda.is_available()
        add("--model", required=True, help="the GGUF file")
        add("--device", default="cuda" if cuda else "cpu")
        add(
            "--dtype",
            choices=["float32", "bfloat16"],
            default="bfloat16" if cuda else "float32",
            help="bfloat16 is faster only where the processor multiplies it (CUDA, AMX, AVX-512 BF16)",
        )

    add = command("data", run_data, "let the model answer prompts, or write them itself first")
    model(add)
    add("--out", required=True, help="JSON lines to add the answers to")
    add("--prompts", help="JSON lines with a prompt each; without it, the model's own")
    add("--limit", type=int, default=2000, help="prompts to answer")
    add("--longest", type=int, default=256, help="tokens of a prompt, its template included")
    add("--new-tokens", type=int, default=256, help="tokens of an answer")
    add("--batch", type=int, default=64, help="texts decoded at once")
    add("--seed", type=int, default=0)

    add = command("train", run_train, "tune an adapter, or go on tuning it")
    model(add)
    add("--data", required=True, help="the answers")
    add("--run", required=True, help="folder of the checkpoint")
    add("--steps", type=int, required=True, help="steps of the whole run, over all starts")
    add("--minutes", type=float, default=float("inf"), help="time of this start")
    add("--save-minutes", type=float, default=5.0, help="time between checkpoints")
    add("--start-from", help="an exported adapter; its shape counts, not the options'")
    add("--start", choices=["text", "random"], default="text", help="what parameters start as")
    add("--masks", type=int, default=3)
    add("--prompt-tokens", type=int, default=16)
    add("--vectors", action="store_true", help="learn a vector for each layer and mask")
    add("--rank", type=int, default=0, help="rank of the low-rank updates; 0 is none")
    add("--linears", nargs="+", choices=LINEARS, default=[], help="linears to update")
    add("--first-layer", type=int, default=0, help="first layer that is updated")
    add("--soft", type=float, default=0.5, help="share of the model's distribution as label")
    add("--decay", type=float, default=0.8, help="what a mask counts beside the one before")
    add("--reach", action="store_true", help="count a mask as much as a pass gets to it")
    add("--batch", type=int, default=8, help="texts a step")
    add("--groups", type=int, default=64, help="groups of masks a text")
    add("--prompt-rate", type=float, default=1e-2)
    add("--rate", type=float, default=2e-3, help="of all but the prompts")
    add("--offset", type=int, default=1024, help="texts stand up to so many positions later")
    add("--cache-gib", type=float, default=4.0, help="memory for texts that were read")
    add("--seed", type=int, default=0)

    add = command("export", run_export, "write what was learned as the server loads it")
    model(add)
    add("--run", required=True)
    add("--out", required=True, help="the .safetensors file")
    add("--format", choices=["float16", "float32"], default="float16")

    add = command("evaluate", run_evaluate, "measure on held-out answers, and note it in the file")
    model(add)
    add("--data", required=True)
    add("--adapter", help="the exported file; without it, what the server has untuned")
    add("--limit", type=int, default=64, help="texts")

    add = command("plot", run_plot, "draw a run's curves")
    add("--run", required=True)
    add("--out", required=True, help="an .svg or .png file")
    return top


main()

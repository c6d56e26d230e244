"""The command line: `data`, `train`, `export`, `evaluate`, `hydra`, `conditional` and `plot`,
in this order, and `ablate`."""

import json
import shutil
import sys
from pathlib import Path

import torch

from . import evaluate as evaluation
from . import reranking
from .ablation import ablate, table
from .adapter import Adapter, Shape, untrained
from .adapter_file import (
    adapter_metadata,
    add_conditional,
    add_hydra,
    annotate_adapter,
    copy_hydra,
    read_adapter,
    read_hydra,
    write_adapter,
)
from .answers import encode_prompts, write_answers
from .conditional import ConditionalPlan, ConditionalTrainer
from .from_options import (
    layers_of,
    new_trainer,
    open_llama,
    open_run,
    read_part,
    some,
    stop_signal,
    text_cache,
    train_until_stopped,
)
from .guesses import Guesses, GuessFiles
from .hydra import HydraPlan, HydraTrainer, common_tokens
from .live import Live
from .options import parser
from .places import Places
from .plot import plot
from .self_prompts import write_prompts
from .states import StateFiles
from .text import read_text
from .tokenizer import Chat


def main():
    args = parser({
        "data": run_data,
        "train": run_train,
        "export": run_export,
        "evaluate": run_evaluate,
        "hydra": run_hydra,
        "conditional": run_conditional,
        "plot": run_plot,
        "ablate": run_ablate,
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
    train_until_stopped(new_trainer(args, llama, text_cache(args, llama)), args)


def run_export(args):
    llama, state = open_llama(args), open_run(args)
    adapter = Adapter(llama.config, state["shape"])
    adapter.load_state_dict(state["mean"])
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    write_adapter(args.out, adapter, adapter_metadata(llama, state), getattr(torch, args.format))
    if args.head_of:
        copy_hydra(args.head_of, args.out)


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
    layers = layers_of(args, llama)
    begun = args.start_from and read_hydra(args.start_from, llama, layers)
    plan = HydraPlan(
        steps=args.steps,
        batch=args.batch,
        depth=args.depth,
        width=args.width,
        words=len(begun[0]) if begun else args.words,
        layers=layers,
        rate=args.rate,
        average=args.average,
        seed=args.seed,
    )
    learnt, held_out = (
        read_part(args.data, masks=args.depth, held_out=held) for held in (False, True)
    )
    files = StateFiles(args.states or f"{args.run}/states", llama, plan.layers)
    texts = Places(files, learnt, depth=args.depth, live=live)
    vocab, parameters = begun or (common_tokens(llama, learnt, plan.words), None)
    trainer = HydraTrainer(llama, texts, vocab=vocab, plan=plan)
    if parameters:
        trainer.start_from(parameters)
    train_until_stopped(trainer, args)
    if trainer.step < plan.steps:
        return
    found = trainer.judge(Places(files, held_out, depth=args.depth, live=live))
    result = evaluation.evaluate(found)
    add_hydra(args.adapter, trainer, result)
    print(evaluation.describe(result))


def run_conditional(args):
    llama, live = open_llama(args), Live()
    adapter, _ = read_adapter(args.adapter, llama)
    masks = adapter.shape.masks
    learnt, held_out = (
        read_part(args.data, masks=masks, held_out=held) for held in (False, True)
    )
    plan = ConditionalPlan(
        steps=args.steps,
        batch=args.batch,
        rank=args.rank,
        words=args.words,
        rate=args.rate,
        decay=args.decay,
        seed=args.seed,
    )
    vocab = common_tokens(llama, learnt, plan.words)
    trainer = ConditionalTrainer(llama, learnt, vocab=vocab, masks=masks, plan=plan)
    train_until_stopped(trainer, args)
    if trainer.step < plan.steps:
        return
    files = GuessFiles(args.guesses or f"{args.run}/guesses", llama, adapter, args.adapter)
    fitted, judged = (
        files.read_all(some(part, args.texts, args.seed), live) for part in (learnt, held_out)
    )
    for head in trainer.plain, trainer.conditional:
        head.fit(Guesses.joined(fitted))
    result = reranking.judge(trainer, judged)
    shutil.copyfile(args.adapter, args.out)
    add_conditional(args.out, trainer, result)
    print(reranking.describe(result))


def run_plot(args):
    plot(open_run(args)["curve"], args.out)


def run_ablate(args):
    llama = open_llama(args)
    texts = text_cache(args, llama)
    print(table(ablate(args, llama, texts, stopped=stop_signal(), live=Live())))


main()

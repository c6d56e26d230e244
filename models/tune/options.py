"""The options of the command line, with defaults and help."""

import argparse

import torch

from .llama import LINEARS


def parser(runs):
    """Returns a parser that sets `command` to one of the functions `runs`, by name."""
    top = argparse.ArgumentParser(prog="tune", description="Bi-directional tuning.")
    commands = top.add_subparsers(required=True)

    def command(name, about):
        sub = commands.add_parser(
            name,
            help=about,
            description=about,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        sub.set_defaults(command=runs[name])
        sub.add_argument("--threads", type=int, help="CPU threads; all cores by default")
        return sub.add_argument

    def model(add):
        cuda = torch.cuda.is_available()
        add("--model", required=True, help="the GGUF file")
        add("--device", default="cuda" if cuda else "cpu")
        add(
            "--dtype",
            choices=["float32", "bfloat16"],
            default="bfloat16" if cuda else "float32",
            help="bfloat16 is faster only with hardware support (CUDA, AMX, AVX-512 BF16)",
        )

    def training(add):
        add("--data", required=True, help="the answers")
        add("--run", required=True, help="folder of the checkpoints")
        add("--steps", type=int, required=True, help="steps of the whole run, over all starts")
        add("--save-minutes", type=float, default=5.0, help="time between checkpoints")
        add("--start", choices=["text", "random"], default="text", help="initial parameters")
        add("--masks", type=int, default=3)
        add("--prompt-tokens", type=int, default=16)
        add("--vectors", action="store_true", help="learn a vector for each layer and mask")
        add("--rank", type=int, default=0, help="rank of the low-rank updates; 0 is none")
        add("--linears", nargs="+", choices=LINEARS, default=[], help="linears to update")
        add("--first-layer", type=int, default=0, help="first layer that is updated")
        add("--soft", type=float, default=0.5, help="share of the model's distribution as label")
        add("--decay", type=float, default=0.8, help="weight of a mask relative to the one before")
        add("--reach", action="store_true", help="weight a mask by the probability that a pass reaches it")
        add("--batch", type=int, default=1, help="texts a step")
        add("--groups", type=int, default=64, help="groups of masks a text")
        add("--prompt-rate", type=float, default=1e-2)
        add("--rate", type=float, default=2e-3, help="of all but the prompts")
        add("--average", type=int, default=0, help="steps to average parameters over; 0 is none")
        add("--offset", type=int, default=1024, help="texts begin up to this many positions later")
        add("--cache-gib", type=float, default=4.0, help="memory for the states of texts")
        add("--seed", type=int, default=0)

    def layers(add):
        add(
            "--layers",
            type=int,
            nargs="*",
            help="layers whose inputs a Hydra head reads; "
            "by default those at a third and two thirds",
        )

    add = command("data", "answer prompts with the model, which may also write them")
    model(add)
    add("--out", required=True, help="JSON lines to append the answers to")
    add("--prompts", help="JSON lines with a prompt each; written by the model by default")
    add("--limit", type=int, default=2000, help="prompts to answer")
    add("--longest", type=int, default=256, help="tokens of a prompt, chat template included")
    add("--new-tokens", type=int, default=256, help="tokens of an answer")
    add("--batch", type=int, default=64, help="texts decoded at once")
    add("--states", help="folder for the texts' states, which `hydra` reads")
    layers(add)
    add("--seed", type=int, default=0)

    add = command("train", "tune an adapter, or resume tuning it")
    model(add)
    training(add)
    add("--minutes", type=float, default=float("inf"), help="time of this start")
    add("--start-from", help="an exported adapter to start from; it sets the shape")

    add = command("export", "write the adapter file that the server loads")
    model(add)
    add("--run", required=True)
    add("--out", required=True, help="the .safetensors file")
    add("--format", choices=["float16", "float32"], default="float16")
    add("--head-of", help="an exported file whose Hydra head to copy")

    add = command("evaluate", "evaluate on held-out answers, and write the result into the file")
    model(add)
    add("--data", required=True)
    add("--adapter", help="the exported file; the untuned adapter by default")
    add("--limit", type=int, default=64, help="texts")

    add = command("hydra", "train a head that drafts without rows, and add it to an adapter file")
    model(add)
    add("--data", required=True, help="the answers")
    add("--run", required=True, help="folder of the checkpoint")
    add("--adapter", required=True, help="the exported file to add the head to")
    add("--states", help="folder of the texts' states; RUN/states by default")
    add("--start-from", help="an exported file whose head to start from")
    layers(add)
    add("--steps", type=int, default=1500, help="steps of the whole run, over all starts")
    add("--minutes", type=float, default=float("inf"), help="time of this start")
    add("--save-minutes", type=float, default=5.0, help="time between checkpoints")
    add("--batch", type=int, default=512, help="places a step")
    add("--depth", type=int, default=3, help="tokens drafted in a row")
    add("--width", type=int, default=1024, help="units of the hidden layer")
    add("--words", type=int, default=4096, help="tokens that it can draft; --start-from sets them")
    add("--rate", type=float, default=1e-3)
    add("--average", type=int, default=0, help="steps to average parameters over; 0 is none")
    add("--seed", type=int, default=0)

    add = command("conditional", "train a head that reranks the masks' guesses")
    model(add)
    add("--data", required=True, help="the answers")
    add("--run", required=True, help="folder of the checkpoint")
    add("--adapter", required=True, help="the exported file with the masks")
    add("--out", required=True, help="a copy of the adapter file with the head")
    add("--guesses", help="folder of the masks' guesses; RUN/guesses by default")
    add("--texts", type=int, default=64, help="texts to fit to, and held-out texts to evaluate on")
    add("--steps", type=int, default=1000, help="steps of the whole run, over all starts")
    add("--minutes", type=float, default=float("inf"), help="time of this start")
    add("--save-minutes", type=float, default=5.0, help="time between checkpoints")
    add("--batch", type=int, default=2048, help="pairs of tokens a step")
    add("--rank", type=int, default=32, help="rank of the score of a pair of tokens")
    add("--words", type=int, default=4096, help="tokens whose pairs have a score")
    add("--rate", type=float, default=3e-3)
    add("--decay", type=float, default=0.1, help="weight decay of a token's own part of its row")
    add("--seed", type=int, default=0)

    add = command("plot", "plot a run's curves")
    add("--run", required=True)
    add("--out", required=True, help="an .svg or .png file")
    add = command("ablate", "train variants that differ in one choice, and compare them")
    model(add)
    training(add)
    add("--limit", type=int, default=32, help="held-out texts")
    return top

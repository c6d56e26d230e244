"""A training run in a folder, which may be stopped and resumed.

The folder has one file, `checkpoint.pt`, which is replaced atomically.
"""

import os
import time
from pathlib import Path

import torch

from .adapter import Shape
from .conditional import ConditionalPlan
from .hydra import HydraPlan
from .loss import Loss
from .train import Plan

SMOOTH = 0.95  # of the figures in the log


def read_checkpoint(folder):
    """Returns the state of a run; None before its first checkpoint."""
    path = Path(folder, "checkpoint.pt")
    if not path.exists():
        return None
    with torch.serialization.safe_globals([Plan, HydraPlan, ConditionalPlan, Loss, Shape]):
        return torch.load(path, map_location="cpu")


def write_checkpoint(folder, state):
    """Replaces the checkpoint of a run."""
    path = Path(folder, "checkpoint.pt")
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    with open(partial, "rb") as file:
        os.fsync(file.fileno())
    partial.replace(path)


def train(trainer, folder, *, seconds, save_seconds, stopped, live, clock=time.monotonic):
    """Trains until the plan is done, the time is up or `stopped()`; then writes a
    checkpoint."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    state = read_checkpoint(folder)
    if state is not None:
        trainer.load(state)
        live.note(f"resumed after step {trainer.step}")
    start = saved = clock()
    first, smooth = trainer.step, None
    while trainer.step < trainer.plan.steps:
        if clock() - start >= seconds or stopped():
            break
        smooth = blend(smooth, trainer.advance())
        now = clock()
        pace = (now - start) / (trainer.step - first)
        live.show(describe(smooth, steps=trainer.plan.steps, pace=pace))
        if now - saved >= save_seconds:
            write_checkpoint(folder, trainer.state())
            saved = clock()
    write_checkpoint(folder, trainer.state())
    live.note(f"saved after step {trainer.step} of {trainer.plan.steps}")


def blend(old, new):
    """Returns smoothed figures, numbers in lists and dicts, moved towards new ones."""
    if old is None or isinstance(new, int):
        return new
    if isinstance(new, dict):
        return {key: blend(old[key], new[key]) for key in new}
    if isinstance(new, list):
        return [blend(a, b) for a, b in zip(old, new)]
    return SMOOTH * old + (1 - SMOOTH) * new


def describe(figures, *, steps, pace):
    """Formats figures as one line; `pace` is in seconds a step."""
    hits = " ".join(
        f"{one:.2f}/{five:.2f}" for one, five in zip(figures["top1"], figures["top5"])
    )
    tokens = " ".join(f"{tree}:{n:.2f}" for tree, n in figures["tokens"].items())
    left = (steps - figures["step"]) * pace / 60
    return (
        f"step {figures['step']}/{steps}  loss {figures['loss']:.3f}  "
        f"top-1/5 {hits}  tokens a pass {tokens}  {pace:.1f} s a step, {left:.0f} min left"
    )

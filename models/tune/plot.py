"""Plots the curves of a run: loss, right drafts and tokens a pass."""

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402: the backend comes first

SMOOTH = 25  # steps to average over, at most a tenth of all


def plot(curve, path):
    """Plots the figures of all steps into an .svg or .png file."""
    steps = smooth([point["step"] for point in curve])
    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(13, 4))
    left.plot(steps, smooth([point["loss"] for point in curve]))
    left.set_title("Loss")
    for mask in range(len(curve[0]["top1"])):
        for name, style in ("top1", "-"), ("top5", "--"):
            values = smooth([point[name][mask] for point in curve])
            label = f"mask {mask + 1}, {name.replace('top', 'top-')}"
            middle.plot(steps, values, style, color=f"C{mask}", label=label)
    middle.set_title("Right drafts")
    for tree in curve[0]["tokens"]:
        right.plot(steps, smooth([point["tokens"][tree] for point in curve]), label=tree)
    right.set_title("Tokens a pass, by tree")
    for axes in left, middle, right:
        axes.set_xlabel("step")
    middle.legend(fontsize="small")
    right.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None} if str(path).endswith(".svg") else None)
    pyplot.close(figure)


def smooth(values):
    """Returns a moving average, over fewer neighbours for few values."""
    width = min(SMOOTH, max(1, len(values) // 10))
    return np.convolve(values, np.ones(width) / width, mode="valid")

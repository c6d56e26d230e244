"""Evaluates a conditional head: right guesses on the right path, and tokens a pass.

A tree of the N likeliest nodes stands for the server's planner. The probability of a node is
the product along its path, so no node is likelier than its parent, and the N likeliest nodes
form a tree.
"""

import torch

from .conditional import mean_loss, ranks_of
from .evaluate import RANKS, acceptance
from .guesses import KEPT, Guesses
from .trees import mean_gain, share_within, tokens_a_pass

TOPS = (1, 2, 3, 5, 10, KEPT)
NODES = (8, 16, 31)  # of the trees


@torch.no_grad()
def judge(trainer, texts):
    """Evaluates the masks alone, calibrated, and the head on the guesses of texts. Returns
    plain data. The planner reads the head's table of acceptance."""
    joined = Guesses.joined(texts)
    result = {"texts": len(texts), "anchors": len(joined.labels)}
    for name, head in ("plain", trainer.plain), ("conditional", trainer.conditional):
        found = [ranks_of(head.on_path(text), text) for text in texts]
        tokens = {"5-4-3": tokens_a_pass(found, (5, 4, 3))}
        for nodes in NODES:
            gains = [accepted_of_best(head, text, nodes) for text in texts]
            tokens[f"best {nodes}"] = mean_gain(gains)
        ranks = torch.cat(found)
        result[name] = {
            "loss": round(mean_loss(head.on_path(joined), joined).item(), 4),
            "top": {k: [round(s, 4) for s in share_within(ranks, k)] for k in TOPS},
            "tokens": {tree: round(n, 4) for tree, n in tokens.items()},
        }
    chances = head.on_path(joined).softmax(-1)[..., :KEPT]
    return result | {"acceptance": acceptance(ranks, chances.topk(RANKS).values)}


@torch.no_grad()
def accepted_of_best(head, guesses, nodes):
    """Returns the number of drafts that a pass accepts from each anchor, [A], with the tree of
    the `nodes` likeliest nodes. The children of every node are the next mask's guesses."""
    A, M, K = guesses.tokens.shape
    before, reach = guesses.before[:, :1], torch.ones(A, 1)  # [A, B] of the B nodes to expand
    found, right, on_path = [], [], torch.ones(A, 1, dtype=torch.bool)
    for depth in range(M):
        tokens, labels = guesses.tokens[:, depth], guesses.labels[:, depth, None]
        chances = head.scores(guesses, depth, before).softmax(-1)[..., :K]
        chances = (reach[..., None] * chances).flatten(1)  # [A, B · K]
        hits = ((tokens == labels)[:, None] & on_path[..., None]).flatten(1)
        found.append(chances)
        right.append((chances * hits).amax(1))
        best = chances.topk(min(nodes, chances.shape[1]))
        reach, before = best.values, tokens.gather(1, best.indices % K)
        on_path = hits.gather(1, best.indices)
    least = torch.cat(found, 1).topk(nodes).values[:, -1:]
    right = torch.stack(right, 1)
    inside = (right >= least) & (right > 0)
    return inside.long().cumprod(1).sum(1)


def describe(result):
    """Formats the result of `judge` as Markdown."""
    plain, head = result["plain"], result["conditional"]
    masks = range(1, len(plain["top"][1]) + 1)
    tops = [["guesses looked at", *(f"mask {m}, {w}" for m in masks for w in ("alone", "head"))]]
    for k in TOPS:
        pairs = zip(plain["top"][k], head["top"][k])
        tops.append([str(k), *(f"{share:.3f}" for pair in pairs for share in pair)])
    trees = [["tree", "alone", "head"]]
    for tree, alone in plain["tokens"].items():
        trees.append([tree, f"{alone:.3f}", f"{head['tokens'][tree]:.3f}"])
    return f"{table(tops)}\n\n{table(trees)}"


def table(rows):
    """Formats rows, the header first, as Markdown."""
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)

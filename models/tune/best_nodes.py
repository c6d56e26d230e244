"""Trees of the likeliest nodes.

The probability of a node is the product along its path, so no node is likelier than its
parent, and the N likeliest nodes form a tree.
"""

import torch


@torch.no_grad()
def accepted_of_best(head, guesses, nodes):
    """Returns the number of drafts that a pass accepts from each anchor, [A], with the tree of
    the `nodes` likeliest nodes. The children of every node are the next mask's guesses."""
    A, M, K = guesses.tokens.shape
    before, reach = guesses.before[:, :1], torch.ones(A, 1)  # [A, B] of the B nodes to expand
    found, labels, on_path = [], [], torch.ones(A, 1, dtype=torch.bool)
    for depth in range(M):
        tokens, logits = guesses.tokens[:, depth], guesses.logits[:, depth]
        scores = head.scores(tokens, logits, before, depth)  # [A, B, K + 1]
        chances = reach[..., None] * scores.softmax(-1)[..., :K]  # [A, B, K]
        hits = (tokens == guesses.labels[:, depth, None])[:, None] & on_path[..., None]
        found.append(chances.flatten(1))
        labels.append((chances * hits).flatten(1).amax(1))
        best = found[-1].topk(min(nodes, found[-1].shape[1]))
        reach = best.values
        before = tokens.gather(1, best.indices % K)
        on_path = hits.flatten(1).gather(1, best.indices)
    least = torch.cat(found, 1).topk(nodes).values[:, -1]
    inside = (torch.stack(labels, 1) >= least[:, None]) & (torch.stack(labels, 1) > 0)
    return inside.long().cumprod(1).sum(1)

"""The positions at which a Hydra head drafts, and its inputs there."""

from os.path import commonprefix

import torch

SAMPLE = 10_000  # states to estimate their size from


class Places:
    """States of texts, one after the other, and the places to draft at.

    At place p the row of token p chose token p + 1, and a draft begins with token p + 2.
    `places` are all positions after the prompts' common beginning; `answers` are those in
    the answers, text by text.
    """

    def __init__(self, files, examples, *, depth, live):
        first = len(commonprefix([example.prompt for example in examples]))
        first = min(first, min(len(example.prompt) for example in examples) - 1)
        ids, states, places, self.answers, at = [], [], [], [], 0
        for number, example in enumerate(examples):
            ids.append(torch.tensor(example.ids[first:]))
            states.append(files.read(example.ids)[first:])
            states.append(states[-1][-1:])  # the last token's, which is never read
            end = len(ids[-1]) - 1 - depth
            answer = len(example.prompt) - 1 - first  # whose row chose its first token
            places.append(at + torch.arange(end))
            self.answers.append(at + torch.arange(answer, end))
            at += len(ids[-1])
            live.show(f"read {number + 1}/{len(examples)}")
        self.ids, self.states = torch.cat(ids), torch.cat(states)
        self.places, self.depth, self.dim = torch.cat(places), depth, files.llama.config.dim

    def read(self, places):
        """Returns states, [B, dim], inputs of layers, [B, layers · dim], the depth + 1 tokens
        after them, and the model's own states at all but the last of these tokens,
        [B, depth, dim]."""
        after = places[:, None] + 1 + torch.arange(self.depth + 1)
        own = self.states[after[:, :-1], : self.dim].float()
        rows, dim = self.states[places].float(), self.dim
        return rows[:, :dim], rows[:, dim:], self.ids[after], own

    def sizes(self):
        """Returns the root mean square of each part of a state."""
        some = self.states[:: max(1, len(self.states) // SAMPLE)].float()
        return some.square().mean(0).view(-1, self.dim).mean(1).sqrt()

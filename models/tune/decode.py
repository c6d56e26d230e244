"""Decodes many texts at once, in one KV buffer of fixed size.

    columns [0, T)      the prompts, padded on the left so that all end together
    columns [T, T + n)  the decoded tokens, one column a step
"""

import torch

from .llama import attention


@torch.no_grad()
def decode(llama, prompts, *, new_tokens, end, pick, recording=None):
    """Continues prompts, lists of ids, by up to `new_tokens` each.

    `pick(logits)` chooses a token a row, [B, vocab] -> [B]. Returns lists of ids; a
    complete one ends with `end`. `recording` takes the states of each text.
    """
    buffer = Buffer(llama, prompts, new_tokens, recording)
    texts = [[] for _ in prompts]
    alive = list(range(len(prompts)))  # by row of the buffer
    logits = buffer.prefill(prompts)
    while True:
        tokens = pick(logits)
        for text, token in zip((texts[i] for i in alive), tokens.tolist()):
            if not text or text[-1] != end:
                text.append(token)
        rows = [r for r, i in enumerate(alive) if texts[i][-1] != end]
        if not rows or buffer.column == buffer.columns:
            return texts
        if len(rows) <= len(alive) / 2:  # dead rows cost as much as live ones
            alive = [alive[row] for row in rows]
            rows = torch.tensor(rows, device=llama.device)
            buffer.keep(rows)
            tokens = tokens[rows]
        logits = buffer.step(tokens, alive)


class Buffer:
    """Keys and values of B texts, and the passes that fill them."""

    def __init__(self, llama, prompts, new_tokens, recording=None):
        c, device = llama.config, llama.device
        self.llama, self.recording, B = llama, recording, len(prompts)
        self.column = max(map(len, prompts))
        self.columns = self.column + new_tokens - 1  # nothing follows the last token
        shape = (c.layers, B, c.kv_heads, self.columns, c.head_dim)
        self.keys = torch.zeros(shape, dtype=llama.dtype, device=device)
        self.values = torch.zeros_like(self.keys)
        self.visible = torch.ones(B, 1, self.columns, dtype=torch.bool, device=device)
        for row, prompt in enumerate(prompts):
            self.visible[row, 0, : self.column - len(prompt)] = False
        self.positions = self.visible[:, 0].cumsum(-1) - 1  # [B, columns]

    def prefill(self, prompts):
        """Computes the prompts. Returns the logits of their last rows, [B, vocab]."""
        T, device = self.column, self.llama.device
        padded = [[0] * (T - len(prompt)) + prompt for prompt in prompts]
        ids = torch.tensor(padded, device=device)
        text = self.visible[:, :, :T]  # [B, 1, T]
        causal = torch.ones(T, T, dtype=torch.bool, device=device).tril()
        # A pad sees itself: the softmax of a row that sees nothing is NaN.
        visible = causal & text | torch.eye(T, dtype=torch.bool, device=device)
        positions = self.positions[:, :T]
        views = self.llama.views(visible, positions, positions)

        def attend(layer, q, k, v):
            self.keys[layer, :, :, :T] = k
            self.values[layer, :, :, :T] = v
            return attention(q, k, v, views(layer))

        x = self.llama.embedding[ids]
        hidden = self.llama.run(x, positions, attend, self.recording)
        if self.recording:
            self.recording.begin(hidden, list(map(len, prompts)))
        return self.llama.logits(hidden[:, -1])

    def step(self, tokens, texts):
        """Appends a token to each of `texts`. Returns the logits of its row, [B, vocab]."""
        at, seen = self.column, self.column + 1
        position = self.positions[:, at:seen]
        views = self.llama.views(self.visible[:, :, :seen], position, self.positions[:, :seen])

        def attend(layer, q, k, v):
            self.keys[layer, :, :, at] = k[:, :, 0]
            self.values[layer, :, :, at] = v[:, :, 0]
            keys, values = self.keys[layer, :, :, :seen], self.values[layer, :, :, :seen]
            return attention(q, keys, values, views(layer))

        x = self.llama.embedding[tokens][:, None]
        hidden = self.llama.run(x, position, attend, self.recording)
        if self.recording:
            self.recording.add(hidden, texts)
        self.column = seen
        return self.llama.logits(hidden[:, 0])

    def keep(self, rows):
        """Keeps only the given rows."""
        self.keys, self.values = self.keys[:, rows], self.values[:, rows]
        self.visible, self.positions = self.visible[rows], self.positions[rows]

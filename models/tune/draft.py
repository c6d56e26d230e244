"""The forward pass of mask rows after a text."""

import torch

from .llama import ANYWHERE, attention, rotate


def draft(llama, adapter, text, layout, offset=0):
    """Returns the hidden states of all masks, [G, M, dim].

    With an offset, the masks attend to the prompts as if the text began that many positions
    later. Rotary angles are relative, so the prompts are rotated back instead.
    """
    G, M = layout.positions.shape
    P = adapter.shape.prompts
    back = torch.full((1, P), -offset, device=llama.device)
    turns, prompt_keys = llama.turns(back), adapter.prompt_keys
    prompt_values = adapter.prompt_values.to(llama.dtype)
    sees_prompts = layout.visible.new_ones(G * M, P)
    visible = torch.cat([sees_prompts, layout.visible], 1)[None]
    rows = layout.positions.view(1, -1)
    of_prompts = torch.full((1, P), ANYWHERE, device=llama.device)
    of_text = torch.arange(len(text.ids), device=llama.device)[None]
    views = llama.views(visible, rows, torch.cat([of_prompts, of_text, rows], 1))

    def attend(layer, q, k, v):
        learned = rotate(prompt_keys[layer][None], turns(layer))[0].to(llama.dtype)
        keys = torch.cat([learned, text.keys[layer], k[0]], 1)
        values = torch.cat([prompt_values[layer], text.values[layer], v[0]], 1)
        return attention(q, keys[None], values[None], views(layer))

    x = adapter.mask_embeddings.repeat(G, 1)[None]
    hidden = llama.run(x, rows, attend, adapter)
    return hidden.view(G, M, -1)

"""The forward pass of mask rows after a text."""

import torch

from .llama import attention, rotate


def draft(llama, adapter, text, layout, offset=0):
    """Returns the hidden states of all masks, [G, M, dim].

    With an offset, the masks attend to the prompts as if the text began that many positions
    later. Rotary angles are relative, so the prompts are rotated back instead.
    """
    G, M = layout.positions.shape
    P = adapter.shape.prompts
    back = torch.full((1, P), -offset, device=llama.device)
    prompt_keys = rotate(adapter.prompt_keys, llama.angles(back)).to(llama.dtype)
    prompt_values = adapter.prompt_values.to(llama.dtype)
    sees_prompts = layout.visible.new_ones(G * M, P)
    visible = torch.cat([sees_prompts, layout.visible], 1)[None]

    def attend(layer, q, k, v):
        keys = torch.cat([prompt_keys[layer], text.keys[layer], k[0]], 1)
        values = torch.cat([prompt_values[layer], text.values[layer], v[0]], 1)
        return attention(q, keys[None], values[None], visible)

    x = adapter.mask_embeddings.repeat(G, 1)[None]
    hidden = llama.run(x, layout.positions.view(1, -1), attend, adapter)
    return hidden.view(G, M, -1)

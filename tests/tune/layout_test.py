import unittest

import torch
from _tiny import EXTENDED, some_adapter, some_ids, tiny

from tune.draft import draft
from tune.layout import lay_out
from tune.llama import attention
from tune.text import read_text

MASKS = 3


def draw(visible):
    """Draws which slots a row sees, a row a line: "#" if it does, "." if not."""
    return ["".join("#" if seen else "." for seen in row) for row in visible]


def plain_draft(adapter, ids, offset):
    """Runs a text with one group of masks after it in one pass of its own.

    All positions are moved by the offset; the prompts' keys stay as they are.
    """
    llama, T, M, P = tiny(), len(ids), adapter.shape.masks, adapter.shape.prompts
    rows = T + M
    visible = torch.ones(rows, rows, dtype=torch.bool).tril()
    prompts = torch.zeros(rows, P, dtype=torch.bool)
    prompts[T:] = True
    visible = torch.cat([prompts, visible], 1)[None]

    class MasksOnly:
        """Leaves text rows as they are."""

        def enter(self, layer, x):
            return torch.cat([x[:, :T], adapter.enter(layer, x[:, T:])], 1)

        def change(self, linear, layer, x, y):
            changed = adapter.change(linear, layer, x[:, T:], y[:, T:])
            return torch.cat([y[:, :T], changed], 1)

    def attend(layer, q, k, v):
        k = torch.cat([adapter.prompt_keys[layer][None], k], 2)
        v = torch.cat([adapter.prompt_values[layer][None], v], 2)
        return attention(q, k, v, visible)

    x = torch.cat([llama.embedding[torch.tensor(ids)], adapter.mask_embeddings])
    positions = torch.arange(rows)[None] + offset
    return llama.run(x[None], positions, attend, MasksOnly())[0, T:]


class TestLayOut(unittest.TestCase):
    def test_shows_a_mask_its_text_and_its_group(self):
        ids = torch.tensor([10, 11, 12, 13, 14])
        layout = lay_out(ids, torch.tensor([1, 2]), 2)
        self.assertEqual(draw(layout.visible), [
            "##...#...",
            "##...##..",
            "###....#.",
            "###....##",
        ])
        self.assertEqual(layout.positions.tolist(), [[2, 3], [3, 4]])
        self.assertEqual(layout.labels.tolist(), [[13, 14], [14, -1]])


class TestDraft(unittest.TestCase):
    def test_equals_one_group_at_a_time(self):
        ids = some_ids(20)
        text = read_text(tiny(), ids)
        anchors = torch.tensor([4, 5, 9, 17])
        layout = lay_out(text.ids, anchors, MASKS)
        for shape in {}, EXTENDED:
            adapter = some_adapter(masks=MASKS, prompts=5, **shape)
            for offset in 0, 1000:
                grouped = draft(tiny(), adapter, text, layout, offset)
                alone = torch.stack([
                    plain_draft(adapter, ids[: anchor + 1], offset) for anchor in anchors
                ])
                torch.testing.assert_close(grouped, alone, atol=1e-4, rtol=1e-4)

    def test_sees_prompts_and_where_they_are(self):
        text = read_text(tiny(), some_ids(20))
        layout = lay_out(text.ids, torch.tensor([8]), MASKS)
        adapter = some_adapter(masks=MASKS, prompts=5)
        here = draft(tiny(), adapter, text, layout)
        there = draft(tiny(), adapter, text, layout, 100)
        self.assertGreater((here - there).abs().max().item(), 1e-3)

import json
import tempfile
import unittest
from pathlib import Path

import torch
from _tiny import EXTENDED, some_adapter, some_ids, tiny

from tune.adapter import Adapter, Shape
from tune.adapter_file import adapter_metadata, annotate_adapter, read_adapter, write_adapter
from tune.draws import draws
from tune.loss import Loss
from tune.text import read_text
from tune.train import Plan


def state_of(adapter):
    curve = [{"step": step} for step in range(1, 251)]
    return {"shape": adapter.shape, "plan": Plan(loss=Loss(), steps=1), "curve": curve}


class TestShape(unittest.TestCase):
    def test_refuses_unknown_linears(self):
        with self.assertRaisesRegex(ValueError, "linears must be of attn_qkv"):
            Shape(rank=1, linears=("head",))

    def test_refuses_a_rank_without_linears(self):
        with self.assertRaisesRegex(ValueError, "must come together"):
            Shape(rank=1)


class TestStartFromText(unittest.TestCase):
    def test_starts_prompts_as_a_text(self):
        ids = some_ids(3)
        adapter = Adapter(tiny().config, Shape(prompts=5))
        adapter.start_from_text(tiny(), ids, draws("start"))
        text = read_text(tiny(), (ids + ids)[:5])
        self.assertTrue(torch.equal(adapter.prompt_keys, text.keys))
        self.assertTrue(torch.equal(adapter.prompt_values, text.values))


class TestAdapterFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "bita.safetensors")
        self.adapter = some_adapter(masks=2, prompts=3, **EXTENDED)
        self.metadata = adapter_metadata(tiny(), state_of(self.adapter))

    def test_reads_what_was_written(self):
        write_adapter(self.path, self.adapter, self.metadata)
        annotate_adapter(self.path, evaluation="{}")
        found, metadata = read_adapter(self.path, tiny())
        self.assertEqual(found.shape, self.adapter.shape)
        self.assertEqual(metadata, self.metadata | {"evaluation": "{}"})
        for mine, other in zip(found.parameters(), self.adapter.parameters()):
            self.assertTrue(torch.equal(mine, other))

    def test_thins_the_curve(self):
        curve = json.loads(self.metadata["curve"])
        self.assertEqual([point["step"] for point in curve], list(range(2, 251, 2)))

    def test_refuses_another_models_adapter(self):
        self.metadata["base_sha256"] = "abc"
        write_adapter(self.path, self.adapter, self.metadata)
        with self.assertRaisesRegex(ValueError, "received abc"):
            read_adapter(self.path, tiny())

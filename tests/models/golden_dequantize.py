"""Writes random blocks of every tensor type and what they stand for.

The authority is `gguf.dequantize`. A line a type: the packed bytes, and the bytes
of the float32 values, both in base64.

    pip install gguf
    python tests/models/golden_dequantize.py > tests/models/golden_dequantize.jsonl
"""

import base64
import json

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Type, dequantize

BLOCKS = {32: 16, 256: 4, 1: 256}  # by values a block
HALVES = {  # byte offsets of the half-precision scales in a block
    "F16": [0],
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
    "Q2_K": [80, 82], "Q3_K": [108], "IQ4_NL": [0], "IQ4_XS": [0],
}


def base64_of(array):
    return base64.b64encode(array.tobytes()).decode()


def main():
    random = np.random.default_rng(2401_12522)
    for name in ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0",
                 "Q4_K", "Q5_K", "Q6_K", "Q2_K", "Q3_K", "IQ4_NL", "IQ4_XS", "MXFP4"]:
        values, size = GGML_QUANT_SIZES[Type[name]]
        count = BLOCKS[values]
        blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
        if name == "F32":
            blocks = random.normal(size=count).astype(np.float32).view(np.uint8)
        if name == "BF16":
            floats = random.normal(size=count).astype(np.float32)
            blocks = (floats.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
        for at in HALVES.get(name, []):
            # any finite half, subnormals and both zeros included
            bits = random.integers(0, 0x7C00, count).astype(np.uint16)
            bits |= random.integers(0, 2, count).astype(np.uint16) << 15
            bits[:2] = 0x0000, 0x8000
            blocks[:, at:at + 2] = bits.view(np.uint8).reshape(count, 2)
        floats = dequantize(blocks.reshape(1, -1), Type[name])
        print(json.dumps({
            "type": name,
            "packed": base64_of(blocks),
            "floats": base64_of(floats.astype(np.float32)),
        }))


main()

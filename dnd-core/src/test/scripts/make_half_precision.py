"""Writes half-precision.csv: float32 bits, and what PyTorch makes of them in float16 and bfloat16.

Run in src/test/resources/io/github/dnd4j/internal with numpy and PyTorch (made with 1.24 and 1.13):

    python3 ../../../../../scripts/make_half_precision.py
"""
import numpy as np
import torch

rng = np.random.default_rng(0)
edges = [0x00000000, 0x80000000, 0x3f800000, 0x7f800000, 0xff800000,  # zeros, one, infinities
         0x477fe000, 0x477fefff, 0x477ff000, 0x477ff001, 0xc77ff000,  # 65504 .. 65520: overflow of a half
         0x38800000, 0x387fffff, 0x387fe000, 0x387fefff, 0x387ff000,  # around 2^-14: smallest normal half
         0x33800000, 0x33000000, 0x33000001, 0x32ffffff, 0x33c00000,  # around 2^-24 and 2^-25: smallest subnormal half
         0x3f801000, 0x3f803000, 0x3f801001, 0x3f800fff,              # ties of a half
         0x3f808000, 0x3f818000, 0x3f808001, 0x3f807fff,              # ties of a bfloat16
         0x7f7fffff, 0x7f7f7fff, 0x7f7f8000, 0x00000001, 0x00008000, 0x00018000, 0x007fffff]
ordinary = rng.normal(0, 0.02, 400).astype(np.float32).view(np.uint32)
subnormal = rng.uniform(-7e-5, 7e-5, 300).astype(np.float32).view(np.uint32)
anything = rng.integers(0, 2**32, 1500, dtype=np.uint32)
bits = np.concatenate([np.array(edges, np.uint32), ordinary, subnormal, anything])
floats = bits.view(np.float32)
bits = bits[~np.isnan(floats)]
floats = bits.view(np.float32)

tensor = torch.from_numpy(floats.copy())
half = tensor.half().view(torch.int16).numpy().view(np.uint16)
with np.errstate(over="ignore"):
    assert (half == floats.astype(np.float16).view(np.uint16)).all(), "numpy and PyTorch differ"
bfloat16 = tensor.bfloat16().view(torch.int16).numpy().view(np.uint16)
with open("half-precision.csv", "w") as out:
    out.write("float32,float16,bfloat16\n")
    for row in zip(bits, half, bfloat16):
        out.write("%08x,%04x,%04x\n" % row)

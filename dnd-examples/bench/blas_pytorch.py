"""Tells which BLAS PyTorch multiplies matrices with, and how fast.

    python3 blas_pytorch.py [threads] [--json]

Needs python3-torch. Distributions' packages take whatever libblas is installed; with the reference
BLAS the times of all other scripts here say little about PyTorch.
"""

import argparse
import json
import re
import time
from pathlib import Path

import torch

SIZE, ROUNDS = 512, 8


def libraries():
    """The files of BLAS libraries that this process has loaded, as Linux tells."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return ""
    paths = [Path(p) for p in re.findall(r"/\S+", maps.read_text())]
    # PyTorch imports numpy, whose package brings an OpenBLAS for numpy alone.
    names = {p.name for p in paths if p.parent.name != "numpy.libs"}
    return " ".join(sorted(name for name in names if re.search(r"blas|mkl|blis", name)))


def configuration():
    found = re.search(r"BLAS_INFO=[^,\s]+", torch.__config__.show())
    return found.group() if found else ""


def operations_per_second():
    a, b = torch.rand(SIZE, SIZE), torch.rand(SIZE, SIZE)
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - start)
    return 2 * SIZE**3 / best


def main(args):
    torch.set_num_threads(args.threads)
    document = {
        "version": torch.__version__,
        "operationsPerSecond": operations_per_second(),
        "libraries": libraries(),
        "configuration": configuration(),
    }
    print(json.dumps(document, indent=None if args.json else 2))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("threads", type=int, nargs="?", default=2)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main(parse_arguments())

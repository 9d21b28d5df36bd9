"""Times a decoder of random weights in PyTorch, the peer of `dnd generate --untrained`.

    python3 decoder_pytorch.py "(128,384,384) (128,200,300) ..." 9 [threads] [runs]

Needs python3-torch. Prints the seconds of each run.
"""

import re
import resource
import sys
import time
from pathlib import Path

import torch

SCRIPTS = Path(__file__).resolve().parents[2] / "dnd-decoder/src/test/scripts"
sys.path.insert(0, str(SCRIPTS))
sys.dont_write_bytecode = True

from hyper_conv import PREFIX, decoder  # noqa: E402


def random_parameters(features, kernel):
    parameters = {}
    for i, ((n0, l0, c0), (n1, l1, c1)) in enumerate(zip(features, features[1:])):
        p = f"{PREFIX}{i}."
        for name, shape in {
            "linear1.norm.weight": (l0, c0),
            "linear1.norm.bias": (l0, c0),
            "linear1.conv1w.weight": (c1, c0, kernel, kernel),
            "linear1.conv1h.weight": (l1, l0, kernel, kernel),
            "linear1.conv2h.weight": (l1, l0, kernel, kernel),
            "linear1.conv2w.weight": (c1, c0, kernel, kernel),
            "linear1.bias": (l1, c1),
            "linear2.weight": (n1, n0, kernel, kernel),
            "linear2.bias": (n1,),
        }.items():
            parameters[p + name] = torch.empty(shape).uniform_(-0.01, 0.01)
    return parameters


def main(shapes, kernel, threads, runs):
    torch.set_num_threads(threads)
    features = [tuple(map(int, t)) for t in re.findall(r"\((\d+),(\d+),(\d+)\)", shapes)]
    parameters = random_parameters(features, kernel)
    condition = torch.randn(1, *features[0])
    with torch.no_grad():
        for _ in range(runs):
            start = time.perf_counter()
            decoder(condition, parameters)
            print(f"PyTorch {torch.__version__} decoder {time.perf_counter() - start:.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"PyTorch peak memory {peak:.2f} GiB")


if __name__ == "__main__":
    arguments = sys.argv[1:] + ["2", "1"][len(sys.argv) - 3 :]
    main(arguments[0], int(arguments[1]), int(arguments[2]), int(arguments[3]))

"""Times a decoder of random weights in PyTorch, the peer of `dnd generate --untrained`.

    python3 decoder_pytorch.py "(128,384,384) (128,200,300) ..." 9 [threads] [runs]
        [--batch B] [--squeeze permute:4608] [--json]

Needs python3-torch. Prints the seconds of each run, with --json those of each stage too.
"""

import argparse
import re
import sys
import time
from pathlib import Path

import torch

SCRIPTS = Path(__file__).resolve().parents[2] / "dnd-decoder/src/test/scripts"
sys.path.insert(0, str(SCRIPTS))
sys.dont_write_bytecode = True

import hyper_conv  # noqa: E402
from hyper_conv import PREFIX, decoder  # noqa: E402, F401
from peer_report import print_end  # noqa: E402


def parse_features(shapes):
    return [tuple(map(int, t)) for t in re.findall(r"\((\d+),(\d+),(\d+)\)", shapes)]


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


def squeeze_stage(variant, length, squeezed):
    hyper_conv.SQUEEZE_TO = squeezed
    parameters = {
        "down_proj.weight": torch.empty(squeezed, length).uniform_(-0.01, 0.01),
        "down_proj.bias": torch.empty(squeezed).uniform_(-0.01, 0.01),
        "gate_proj.weight": torch.empty(squeezed, squeezed).uniform_(-0.01, 0.01),
        "gate_proj.bias": torch.empty(squeezed).uniform_(-0.01, 0.01),
    }
    return lambda x: hyper_conv.squeeze(variant, x, parameters)


def stages_of(features, kernel):
    """The decoder's stages as functions, one after the other what hyper_conv.decoder does."""
    parameters = random_parameters(features, kernel)
    stages = []
    for i in range(len(features) - 1):
        prefix = f"{PREFIX}{i}."
        own = {k[len(prefix):]: v for k, v in parameters.items() if k.startswith(prefix)}
        stages.append(lambda x, own=own: hyper_conv.stage(x, own))
    return stages


def timed(stages, x):
    """The seconds of all stages, and of each."""
    each = []
    start = time.perf_counter()
    for stage in stages:
        begin = time.perf_counter()
        x = stage(x)
        each.append(time.perf_counter() - begin)
    return time.perf_counter() - start, each


def main(args):
    torch.set_num_threads(args.threads)
    features = parse_features(args.features)
    stages = stages_of(features, args.kernel)
    prompts, length, width = features[0]
    if args.squeeze:
        variant, squeezed_from = args.squeeze.split(":")
        stages.insert(0, squeeze_stage(variant, int(squeezed_from), length))
        length = int(squeezed_from)
    condition = torch.randn(args.batch, prompts, length, width)
    runs = []
    with torch.no_grad():
        for _ in range(args.runs):
            runs.append(timed(stages, condition))
            if not args.json:
                print(f"PyTorch {torch.__version__} decoder {runs[-1][0]:.2f} s")
    print_end("PyTorch", torch.__version__, runs, args.json)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("features")
    parser.add_argument("kernel", type=int)
    parser.add_argument("threads", type=int, nargs="?", default=2)
    parser.add_argument("runs", type=int, nargs="?", default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--squeeze")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main(parse_arguments())

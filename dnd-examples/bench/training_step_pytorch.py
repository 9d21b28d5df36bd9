"""Times training steps of a decoder of random weights in PyTorch, the peer of DnD4J's.

    python3 training_step_pytorch.py "(16,32,384) (32,24,160) ..." 5 [batch] [threads] [runs] [warm-up]
        [--json]

A step is: forward, masked weighted mean squared error, backward, clipping of the gradients' global
norm, AdamW over all parameters. Needs python3-torch. Prints the seconds of each run after the
warm-up.
"""

import argparse
import sys
import time

sys.dont_write_bytecode = True

import torch  # noqa: E402

from decoder_pytorch import decoder, parse_features, random_parameters  # noqa: E402
from peer_report import print_end  # noqa: E402


def loss_of(tokens, target, mask, weights):
    """The mean of the squared errors where the mask is 1, every token with its weight."""
    errors = (tokens - target) ** 2 * mask * weights[:, None, None]
    return errors.sum() / mask.sum()


def training(features, kernel, batch):
    """A function that makes one step and returns the loss."""
    parameters = random_parameters(features, kernel)
    leaves = [p.requires_grad_() for p in parameters.values()]
    optimizer = torch.optim.AdamW(leaves, lr=1e-4, weight_decay=1e-2)
    condition = torch.randn(batch, *features[0])
    target = torch.randn(batch, *features[-1])
    mask = (torch.rand(target.shape) < 0.9).float()
    weights = torch.rand(features[-1][0]) + 0.5

    def step():
        optimizer.zero_grad(set_to_none=False)
        loss = loss_of(decoder(condition, parameters), target, mask, weights)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(leaves, 1.0)
        optimizer.step()
        return loss.item()

    return step


def main(args):
    torch.set_num_threads(args.threads)
    step = training(parse_features(args.features), args.kernel, args.batch)
    runs = []
    for run in range(args.warm_up + args.runs):
        start = time.perf_counter()
        loss = step()
        seconds = time.perf_counter() - start
        if run >= args.warm_up:
            runs.append((seconds, []))
            if not args.json:
                print(f"PyTorch {torch.__version__} step {seconds:.3f} s, loss {loss:.4f}")
    print_end("PyTorch", torch.__version__, runs, args.json)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("features")
    parser.add_argument("kernel", type=int)
    parser.add_argument("batch", type=int, nargs="?", default=8)
    parser.add_argument("threads", type=int, nargs="?", default=2)
    parser.add_argument("runs", type=int, nargs="?", default=5)
    parser.add_argument("warm_up", type=int, nargs="?", default=2)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main(parse_arguments())

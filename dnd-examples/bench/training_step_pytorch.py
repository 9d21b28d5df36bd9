"""Times training steps of a decoder of random weights in PyTorch, the peer of DnD4J's.

    python3 training_step_pytorch.py "(16,32,384) (32,24,160) ..." 5 [batch] [threads] [runs] [warm-up]

A step is: forward, masked weighted mean squared error, backward, clipping of the gradients' global
norm, AdamW over all parameters. Needs python3-torch. Prints the seconds of each run after the
warm-up.
"""

import re
import resource
import sys
import time

sys.dont_write_bytecode = True

import torch  # noqa: E402

from decoder_pytorch import decoder, random_parameters  # noqa: E402


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


def main(shapes, kernel, batch=8, threads=2, runs=5, warm_up=2):
    torch.set_num_threads(threads)
    features = [tuple(map(int, t)) for t in re.findall(r"\((\d+),(\d+),(\d+)\)", shapes)]
    step = training(features, kernel, batch)
    for run in range(warm_up + runs):
        start = time.perf_counter()
        loss = step()
        seconds = time.perf_counter() - start
        if run >= warm_up:
            print(f"PyTorch {torch.__version__} step {seconds:.3f} s, loss {loss:.4f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"PyTorch peak memory {peak:.2f} GiB")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))

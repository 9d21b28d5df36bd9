"""Golden values of criterion weights: tokens of some checkpoints, with cells of no weight, and what PyTorch's
own standard deviation makes of them in float64.

    python3 criterion_weights.py ../resources/golden
"""

import sys
from pathlib import Path

import torch

import safetensors_file

CHECKPOINTS, TOKENS, HEIGHT, WIDTH = 5, 4, 3, 6


def criterion_weights(tokens):
    """[K, T, h, w] -> [T]"""
    deviation = tokens.std(dim=0, unbiased=False)
    present = ~torch.isnan(deviation)
    share = deviation / deviation[present].abs().sum()
    return torch.nanmean(share.flatten(1), dim=1) * present.sum()


def main(folder):
    torch.manual_seed(7)
    scale = torch.tensor([0.1, 1.0, 2.0, 0.5]).view(TOKENS, 1, 1)
    tokens = 3 + scale * torch.randn(CHECKPOINTS, TOKENS, HEIGHT, WIDTH)
    tokens[:, 2, 2, :] = float("nan")
    values = {"weights": criterion_weights(tokens.double()).float().numpy()}
    for k in range(CHECKPOINTS):
        values[f"tokens.{k}"] = tokens[k].numpy()
    safetensors_file.write(folder / "criterion_weights.safetensors", values)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

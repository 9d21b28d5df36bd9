"""Golden values of training: ten steps of PyTorch's AdamW on a decoder, in float64.

The loss is the masked, weighted mean of squares; gradients are clipped by their global norm; the learning
rate warms up and then follows a cosine. Needs python3-torch.

    python3 adamw_steps.py ../resources/golden
"""

import math
import sys
from collections import OrderedDict
from pathlib import Path

import torch

import hyper_conv
import safetensors_file

STEPS, BATCH = 10, 2
PEAK, WARMUP = 2e-3, 3
CLIP = 1.5


def rate(step):
    if step < WARMUP:
        return PEAK * (step + 1) / WARMUP
    return PEAK * 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (STEPS - WARMUP)))


def loss_of(output, target, criterion):
    mask = ~torch.isnan(target)
    squares = (output - torch.nan_to_num(target)) ** 2 * criterion.view(1, -1, 1, 1)
    return squares[mask].mean()


def main(folder):
    torch.manual_seed(20250617)
    parameters = OrderedDict(
        (name, value.float().double().requires_grad_())
        for name, value in hyper_conv.random_parameters().items()
    )
    first, last = hyper_conv.FEATURES[0], hyper_conv.FEATURES[-1]
    values = {f"start.{k}": v.detach().clone() for k, v in parameters.items()}
    criterion = (0.5 + torch.rand(last[0])).double()
    values["criterion"] = criterion
    optimizer = torch.optim.AdamW(parameters.values(), lr=PEAK, weight_decay=0.1)
    losses, norms = [], []
    for step in range(STEPS):
        condition = torch.randn(BATCH, *first).double()
        target = torch.randn(BATCH, *last).double()
        target[:, 1, 2:, :] = float("nan")
        values[f"condition.{step}"], values[f"target.{step}"] = condition, target
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        optimizer.zero_grad()
        loss = loss_of(hyper_conv.decoder(condition, parameters), target, criterion)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), CLIP))
        optimizer.step()
        losses.append(loss.detach())
    values["losses"], values["norms"] = torch.stack(losses), torch.stack(norms)
    values.update({f"end.{k}": v.detach() for k, v in parameters.items()})
    safetensors_file.write(folder / "adamw_steps.safetensors", hyper_conv.as_numpy(values))
    print("losses", [float(x) for x in losses])
    print("norms", [float(x) for x in norms])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

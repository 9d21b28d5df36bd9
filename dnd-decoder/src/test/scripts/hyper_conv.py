"""Golden values of the hyper-convolutional decoder and of the length squeeze.

Written from the formulas of Drag-and-Drop LLMs (arXiv 2506.16406) with PyTorch's own operations and
autograd, in float64, so that the values are independent of the Java code. Needs python3-torch.

    python3 hyper_conv.py ../resources/golden
"""

import sys
from collections import OrderedDict
from pathlib import Path

import torch
import torch.nn.functional as F

import safetensors_file

KERNEL = 3
FEATURES = [(3, 8, 10), (4, 6, 7), (4, 6, 7), (5, 4, 6)]
SQUEEZE_FROM, SQUEEZE_TO = 14, 5
PREFIX = "model.decoder.module_list."


def random_parameters():
    """All parameters random, norms and biases too, so that none of them can be forgotten."""
    parameters = OrderedDict()
    for i, ((n0, l0, c0), (n1, l1, c1)) in enumerate(zip(FEATURES, FEATURES[1:])):
        p = f"{PREFIX}{i}."
        parameters[p + "linear1.norm.weight"] = 1 + 0.3 * torch.randn(l0, c0)
        parameters[p + "linear1.norm.bias"] = 0.3 * torch.randn(l0, c0)
        for name, rows, columns in (
            ("conv1w", c1, c0),
            ("conv1h", l1, l0),
            ("conv2h", l1, l0),
            ("conv2w", c1, c0),
        ):
            parameters[p + f"linear1.{name}.weight"] = torch.randn(
                rows, columns, KERNEL, KERNEL
            ) / (columns * KERNEL * KERNEL) ** 0.5
        parameters[p + "linear1.bias"] = torch.randn(l1, c1)
        parameters[p + "linear2.weight"] = torch.randn(n1, n0, KERNEL, KERNEL) / KERNEL
        parameters[p + "linear2.bias"] = torch.randn(n1)
    return OrderedDict((name, value.double()) for name, value in parameters.items())


def mix(x, weight, axis, height, width, bias=None):
    """Convolves along `axis` as channels over the plane (height, width)."""
    batch = 0
    order = (batch, axis, height, width)
    y = F.conv2d(x.permute(order), weight, bias, padding=weight.shape[-1] // 2)
    inverse = [order.index(i) for i in range(4)]
    return y.permute(inverse)


def stage(x, p):
    """[B, N, L, C] -> [B, n, l, c]"""
    n, l, c = 1, 2, 3
    z = F.layer_norm(x, x.shape[2:], p["linear1.norm.weight"], p["linear1.norm.bias"], 1e-5)
    u = mix(z, p["linear1.conv1w.weight"], axis=c, height=l, width=n)
    u = mix(u, p["linear1.conv1h.weight"], axis=l, height=n, width=c)
    v = mix(z, p["linear1.conv2h.weight"], axis=l, height=n, width=c)
    v = torch.tanh(mix(v, p["linear1.conv2w.weight"], axis=c, height=l, width=n))
    y = (u + v + p["linear1.bias"]) / 3
    o = mix(y, p["linear2.weight"], axis=n, height=l, width=c, bias=p["linear2.bias"])
    return x + o if x.shape == o.shape else o


def decoder(x, parameters):
    stages = sum(name.endswith("linear2.weight") for name in parameters)
    for i in range(stages):
        prefix = f"{PREFIX}{i}."
        x = stage(
            x, {k[len(prefix):]: v for k, v in parameters.items() if k.startswith(prefix)}
        )
    return x


def squeeze(variant, x, p):
    def down(y):
        return F.linear(y, p["down_proj.weight"], p["down_proj.bias"])

    def gate(y):
        return F.linear(y, p["gate_proj.weight"], p["gate_proj.bias"])

    b, n, l, c = x.shape
    if variant == "permute":
        return gate(F.silu(down(x.transpose(2, 3)))).transpose(2, 3)
    return gate(down(x.reshape(b, n, c, l))).reshape(b, n, SQUEEZE_TO, c)


def with_gradients(function, x, parameters):
    """Output, and the gradients of sum(output * probe)."""
    x = x.clone().requires_grad_()
    parameters = OrderedDict((k, v.clone().requires_grad_()) for k, v in parameters.items())
    output = function(x, parameters)
    probe = torch.randn(output.shape).double()
    (output * probe).sum().backward()
    values = OrderedDict(condition=x.detach(), output=output.detach(), probe=probe)
    values["gradient.condition"] = x.grad
    for name, parameter in parameters.items():
        values["gradient." + name] = parameter.grad
    return values


def float32(tensors):
    return OrderedDict((k, v.float().contiguous()) for k, v in tensors.items())


def as_numpy(tensors):
    return {k: v.numpy() for k, v in float32(tensors).items()}


def main(folder):
    torch.manual_seed(20250616)
    parameters = random_parameters()
    # What the float32 files hold is what the values are computed from.
    parameters = OrderedDict((k, v.float().double()) for k, v in parameters.items())
    condition = torch.randn(2, *FEATURES[0]).double()
    values = with_gradients(decoder, condition.float().double(), parameters)
    safetensors_file.write(folder / "hyper_conv_values.safetensors", as_numpy(values))
    safetensors_file.write(folder / "hyper_conv_weights.safetensors", as_numpy(parameters))
    reference_style = float32(parameters)
    reference_style["criterion_weight"] = torch.ones(1, FEATURES[-1][0], 1, 1)
    torch.save(reference_style, folder / "hyper_conv_weights.pth")

    squeeze_parameters = OrderedDict(
        (k, v.float().double())
        for k, v in {
            "down_proj.weight": torch.randn(SQUEEZE_TO, SQUEEZE_FROM) / SQUEEZE_FROM**0.5,
            "down_proj.bias": torch.randn(SQUEEZE_TO),
            "gate_proj.weight": torch.randn(SQUEEZE_TO, SQUEEZE_TO) / SQUEEZE_TO**0.5,
            "gate_proj.bias": torch.randn(SQUEEZE_TO),
        }.items()
    )
    condition = torch.randn(2, 3, SQUEEZE_FROM, 6).float().double()
    for variant in ("permute", "reshape"):
        values = with_gradients(
            lambda x, p, v=variant: squeeze(v, x, p), condition, squeeze_parameters
        )
        values.update(squeeze_parameters)
        safetensors_file.write(folder / f"squeeze_{variant}.safetensors", as_numpy(values))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

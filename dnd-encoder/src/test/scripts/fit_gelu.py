#!/usr/bin/env python3
"""Fits the constants of TokenOps.gelu, or, if called with the argument tanh, of Activation.GELU_TANH.

gelu(x) = max(x, 0) - u * h(u) with u = |x| and h(u) = erfc(u / sqrt 2) / 2, or, with tanh, h(u) =
(1 - tanh(sqrt(2 / pi) (u + 0.044715 u^3))) / 2. h is fitted on [0, 5.5] by P(u) / Q(u), degrees 5 and
8, with the error weighted by u: least squares, reweighted until the largest errors are alike. Prints
the constants and the largest error of gelu in float32.
"""
import math
import sys

import numpy as np

END, P, Q, POINTS = 5.5, 5, 8, 4000


def tail(v):
    """h of one number; gelu(x) is x * h(-x)."""
    if sys.argv[1:] == ["tanh"]:
        return 0.5 - 0.5 * math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v ** 3))
    return 0.5 * math.erfc(v / math.sqrt(2))


def h(u):
    return np.array([tail(v) for v in u])


def fit():
    u = END * (0.5 - 0.5 * np.cos(np.pi * (np.arange(POINTS) + 0.5) / POINTS))
    y, weight, q, best = h(u), np.ones(POINTS), np.ones(POINTS), None
    over = u[:, None] ** np.arange(P + 1)
    under = u[:, None] ** np.arange(1, Q + 1)
    for _ in range(60):
        rows = (weight * (u + 0.02) / q)[:, None]
        matrix = np.hstack([over, -y[:, None] * under]) * rows
        scale = np.abs(matrix).max(0)
        c = np.linalg.lstsq(matrix / scale, y * rows[:, 0], rcond=None)[0] / scale
        q = 1 + under @ c[P + 1:]
        assert (q > 0).all()
        error = np.abs(over @ c[:P + 1] / q - y) * (u + 0.02)
        if best is None or error.max() < best[0]:
            best = (error.max(), c.copy())
        weight = weight * (error / error.max() + 3e-3) ** 0.6
        weight /= weight.max()
    return best[1]


def gelu(x, c):
    u = np.minimum(np.abs(x), np.float32(END))
    p, q = np.full_like(u, c[P]), np.full_like(u, c[P + Q])
    for i in range(P - 1, -1, -1):
        p = p * u + c[i]
    for i in list(range(P + Q - 1, P, -1)):
        q = q * u + c[i]
    q = q * u + np.float32(1)
    return np.maximum(x, np.float32(0)) - u * p / q


constants = fit().astype(np.float32)
for i, value in enumerate(constants):
    name = "P%d" % i if i <= P else "Q%d" % (i - P)
    print(name, np.format_float_scientific(value, unique=True, trim="0"))
x = np.linspace(-8, 8, 400001).astype(np.float32)
exact = np.array([float(v) * tail(-float(v)) for v in x])
error = np.abs(gelu(x, constants) - exact)
print("largest error: %.2e for negative x, %.2e in all" % (error[x < 0].max(), error.max()))

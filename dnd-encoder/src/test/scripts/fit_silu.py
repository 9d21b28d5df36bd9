#!/usr/bin/env python3
"""Fits the constants of Silu.

silu(x) = x / (1 + exp(-x)) = (max(x, 0) * E + min(x, 0)) / (1 + E) with E = exp(|x|), and exp(u) =
p(u / 8)^8 with a polynomial p of degree 9, fitted to exp on [0, 2.5] with relative errors: least
squares, reweighted until the largest errors are alike. Prints the constants and the largest error of
silu in float32.
"""
import numpy as np

END, DEGREE, POINTS = 20, 9, 4000


def fit():
    t = END / 8 * (0.5 - 0.5 * np.cos(np.pi * (np.arange(POINTS) + 0.5) / POINTS))
    powers, weight, best = t[:, None] ** np.arange(1, DEGREE + 1), np.ones(POINTS), None
    for _ in range(60):
        rows = (weight / np.exp(t))[:, None]
        c = np.linalg.lstsq(powers * rows, (np.exp(t) - 1) * rows[:, 0], rcond=None)[0]
        error = np.abs((1 + powers @ c) / np.exp(t) - 1)
        if best is None or error.max() < best[0]:
            best = (error.max(), c.copy())
        weight = weight * (error / error.max() + 3e-3) ** 0.6
        weight /= weight.max()
    return best[1]


def silu(x, c):
    t = np.minimum(np.abs(x), np.float32(END)) * np.float32(0.125)
    e = np.full_like(t, c[-1])
    for value in list(c[-2::-1]) + [np.float32(1)]:
        e = e * t + value
    for _ in range(3):
        e = e * e
    zero = np.float32(0)
    return (np.maximum(x, zero) * e + np.minimum(x, zero)) / (np.float32(1) + e)


constants = fit().astype(np.float32)
for i, value in enumerate(constants):
    print("E%d" % (i + 1), np.format_float_scientific(value, unique=True, trim="0"))
x = np.linspace(-30, 30, 600001).astype(np.float32)
exact = x.astype(np.float64) / (1 + np.exp(-x.astype(np.float64)))
error = np.abs(silu(x, constants) - exact)
torch_like = np.abs(x / (np.float32(1) + np.exp(-x)) - exact)
inside = np.abs(x) < END
print("largest error: %.2e for negative x, %.2e in all, relative %.2e up to %d"
      % (error[x < 0].max(), error.max(), (error / np.maximum(np.abs(exact), 1e-30))[inside].max(), END))
print("the same of float32's own exp: %.2e, %.2e" % (torch_like[x < 0].max(), torch_like.max()))

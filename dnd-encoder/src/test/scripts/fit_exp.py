#!/usr/bin/env python3
"""Fits the constants of Softmax.exp.

exp(-x) for x >= 0 from s = expm1(u), u = x / 32: five times s = s (s + 2), which doubles u, then
1 / (1 + s). expm1(u) = u + u^2 P(u) is fitted on [0, 1], P of degree 4, with the errors weighted by
what becomes of them in exp(-x): 32 exp(-33 u). All constants must be positive, so that beyond 1 the
result falls on towards 0. Prints the constants and the largest errors in float32.
"""
import numpy as np

DEGREE, POINTS = 4, 8000


def fit():
    u = (0.5 - 0.5 * np.cos(np.pi * (np.arange(POINTS) + 0.5) / POINTS)) ** 2
    target = np.expm1(u) - u
    # The small term keeps the far end, where exp(-x) is next to nothing, in its place.
    importance = 32 * (np.exp(-33 * u) + 1e-4 * np.exp(-u))
    powers = u[:, None] ** (2 + np.arange(DEGREE + 1))
    weight, best = np.ones(POINTS), None
    for _ in range(200):
        rows = (weight * importance)[:, None]
        c = np.linalg.lstsq(powers * rows, target * rows[:, 0], rcond=None)[0]
        error = np.abs(powers @ c - target) * importance
        if best is None or error.max() < best[0]:
            best = (error.max(), c.copy())
        weight = weight * (error / error.max() + 3e-3) ** 0.5
        weight /= weight.max()
    return best[1]


def exp(x, c):
    u = x * np.float32(1 / 32)
    p = np.full_like(u, c[DEGREE])
    for i in range(DEGREE - 1, -1, -1):
        p = p * u + c[i]
    s = u + u * u * p
    for _ in range(5):
        s = s * (s + np.float32(2))
    return np.float32(1) / (s + np.float32(1))


constants = fit().astype(np.float32)
assert (constants > 0).all(), constants
for i, value in enumerate(constants):
    print("E%d" % (i + 2), np.format_float_scientific(value, unique=True, trim="0"))
x = np.concatenate([np.linspace(0, 40, 400001), np.logspace(-8, 0, 100001)]).astype(np.float32)
exact = np.exp(-x.astype(np.float64))
error = np.abs(exp(x, constants) - exact)
print("largest error: %.2e, relative up to 4, 8, 16, 40: %s" % (
    error.max(), ", ".join("%.1e" % (error / exact)[x <= end].max() for end in (4, 8, 16, 40))))

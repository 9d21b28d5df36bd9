#!/usr/bin/env python3
"""Fits the constants of Softmax.exp.

exp(x) for x <= 0 from expm1(t), t = x / 32: four times y = y (y + 2), which doubles t, then (1 + y)^2.
expm1(t) = t + t^2 P(t) is fitted on [-1, 0], P of degree 4, with the errors weighted by what becomes of
them in exp(x): 32 exp(x). Prints the constants and the largest errors in float32.
"""
import numpy as np

DEGREE, POINTS = 4, 8000


def fit():
    t = -(0.5 - 0.5 * np.cos(np.pi * (np.arange(POINTS) + 0.5) / POINTS)) ** 2
    target = np.expm1(t) - t
    # The small term keeps the far end, where exp(x) is next to nothing, in its place.
    importance = 32 * (np.exp(31 * t) + 1e-3)
    powers = t[:, None] ** (2 + np.arange(DEGREE + 1))
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
    t = np.maximum(x, np.float32(-32)) * np.float32(1 / 32)
    p = np.full_like(t, c[DEGREE])
    for i in range(DEGREE - 1, -1, -1):
        p = p * t + c[i]
    y = t + t * t * p
    for _ in range(4):
        y = y * (y + np.float32(2))
    z = y + np.float32(1)
    return z * z


constants = fit().astype(np.float32)
for i, value in enumerate(constants):
    print("E%d" % (i + 2), np.format_float_scientific(value, unique=True, trim="0"))
x = np.concatenate([np.linspace(-40, 0, 400001), -np.logspace(-8, 0, 100001)]).astype(np.float32)
exact = np.exp(x.astype(np.float64))
error = np.abs(exp(x, constants) - exact)
print("largest error: %.2e, relative down to -4, -8, -16: %s" % (
    error.max(), ", ".join("%.1e" % (error / exact)[x >= end].max() for end in (-4, -8, -16))))

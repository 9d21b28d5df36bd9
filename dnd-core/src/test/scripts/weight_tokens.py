"""Makes the golden values of WeightTokenizerGoldenTest: weight-tokens.bin.

Written from the formulas of the weight token format (arXiv 2506.16406 and its reference
implementation), in float64 and without a look at the Java code. Needs numpy.

    python3 weight_tokens.py

The file is little-endian float32 without a header. In order:
  the adapter     A [r, in] and B [out, r] of each module
  and for each of the encodings "reference" and "log"
    tokens        [9, 4, 6] of the adapter
    noisy tokens  [9, 4, 6]: as a decoder would give them, with no two scale cells alike
    the adapter   that the noisy tokens stand for
"""

import pathlib

import numpy as np

WIDTH = 4
# in, out, rank: the last module has a smaller rank, so its tokens are padded with NaN
MODULES = [(8, 4, 2), (4, 12, 2), (4, 4, 1)]
HEIGHT = max(rank for _, _, rank in MODULES) + 2
CENTER = 4.5


def reference_encode(m, s):
    return 8 * m, np.log(0.9 * s + 0.1) + 1.6


def reference_decode(big_m, big_s):
    return big_m / 8, (np.exp(big_s - 1.6) - 0.1) / 0.9


def log_encode(m, s):
    return m / s, np.log(s) + CENTER


def log_decode(big_m, big_s):
    s = np.exp(big_s - CENTER)
    return big_m * s, s


def token_of(tile, encode):
    rank = tile.shape[0]
    m, s = tile.mean(), tile.std(ddof=1)
    big_m, big_s = encode(m, s)
    token = np.full((HEIGHT, WIDTH + 2), np.nan)
    token[:rank, :WIDTH] = (tile - m) / s
    token[rank : rank + 2, 0::2] = big_m
    token[rank : rank + 2, 1::2] = big_s
    token[: rank + 2, WIDTH] = big_m
    token[: rank + 2, WIDTH + 1] = big_s
    return token


def tile_of(token, rank, decode):
    token = token[: rank + 2]
    estimates = []
    for parity in (0, 1):
        scale_row = token[rank + parity]
        rows = token[parity::2]
        big_m = (scale_row[0::2].mean() + rows[:, WIDTH].mean()) / 2
        big_s = (scale_row[1::2].mean() + rows[:, WIDTH + 1].mean()) / 2
        estimates.append(decode(big_m, big_s))
    m, s = np.mean(estimates, axis=0)
    return token[:rank, :WIDTH] * s + m


def tokenize(adapter, encode):
    tokens = []
    for a, b in adapter:
        for matrix in (a, b.T):
            for tile in np.split(matrix, matrix.shape[1] // WIDTH, axis=1):
                tokens.append(token_of(tile, encode))
    return np.stack(tokens)


def detokenize(tokens, decode):
    adapter, queue = [], list(tokens)
    for size_in, size_out, rank in MODULES:
        matrices = []
        for size in (size_in, size_out):
            tiles = [tile_of(queue.pop(0), rank, decode) for _ in range(size // WIDTH)]
            matrices.append(np.concatenate(tiles, axis=1))
        adapter.append((matrices[0], matrices[1].T))
    return adapter


def stored(array):
    """As the file holds it, so that what is computed from it matches what Java computes."""
    return array.astype("<f4").astype(np.float64)


def main():
    random = np.random.default_rng(20250616)
    adapter = []
    for size_in, size_out, rank in MODULES:
        a = random.normal(0.01, 0.02, (rank, size_in))
        b = random.normal(-0.003, 0.004, (size_out, rank))
        adapter.append((stored(a), stored(b)))

    out = [matrix for pair in adapter for matrix in pair]
    for encode, decode in ((reference_encode, reference_decode), (log_encode, log_decode)):
        tokens = tokenize(adapter, encode)
        noisy = stored(tokens + random.normal(0, 0.02, tokens.shape))
        out += [tokens, noisy]
        out += [matrix for pair in detokenize(noisy, decode) for matrix in pair]

    file = pathlib.Path(__file__).parent / "../resources/io/github/dnd4j/lora/weight-tokens.bin"
    file.write_bytes(b"".join(np.ascontiguousarray(a, dtype="<f4").tobytes() for a in out))


if __name__ == "__main__":
    main()

"""What the scripts of encoders here have in common: the texts, and the runs over them."""

import random
import time
from pathlib import Path

PADDING = 0  # the id of [PAD] in BERT's vocabulary
AT_ONCE = 1, 4, 16
FIRST_AT_ONCE = 4
TRIED_TEXTS, ROUNDS = max(AT_ONCE), 3


def read_texts(texts, length, vocabulary):
    """Ids and attention masks, lists of so many numbers for each text.

    texts: how many texts of random tokens that fill the length; or a file with a line for each text,
    its ids without padding, as `dnd bench` writes it.
    """
    if texts.isdigit():
        source = random.Random(0)
        rows = [[source.randrange(vocabulary) for _ in range(length)] for _ in range(int(texts))]
    else:
        rows = [[int(i) for i in line.split()] for line in Path(texts).read_text().splitlines()]
    ids = [row + [PADDING] * (length - len(row)) for row in rows]
    masks = [[1] * len(row) + [0] * (length - len(row)) for row in rows]
    return ids, masks


def time_runs(encode, texts, runs):
    """The seconds of so many runs over all texts, and a note on how they were made.

    encode(texts, at_once) encodes the first so many texts. How many at once are best depends on the
    machine's caches, so after the first, cold run some numbers are tried on a few texts.
    """

    def seconds(count, at_once):
        start = time.perf_counter()
        encode(count, at_once)
        return time.perf_counter() - start

    done = [seconds(texts, FIRST_AT_ONCE)]
    if runs == 1:
        return done, f"{min(texts, FIRST_AT_ONCE)} at once"
    few = min(texts, TRIED_TEXTS)
    tried = {n: float("inf") for n in AT_ONCE if n <= few}
    for _ in range(ROUNDS):  # in turn: what else the machine does slows all of them down
        for n in tried:
            tried[n] = min(tried[n], seconds(few, n))
    best = min(tried, key=tried.get)
    done += [seconds(texts, best) for _ in range(runs - 1)]
    return done, f"{best} at once" + (f", best of {', '.join(map(str, tried))}" if len(tried) > 1 else "")

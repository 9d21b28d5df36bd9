#!/usr/bin/env python3
"""Makes tiny-glove/: random word vectors in GloVe's text format, and golden files with what GloVe as
a text encoder makes of a few texts: the words of each as a tab-separated line (golden.tsv, escapes
as in JSON) and the condition at length 8 (golden.safetensors). Cleaning is written here with regular
expressions, as the paper's authors describe and do it. Run it in
src/test/resources/io/github/dnd4j/encoder; it always writes the same files (PyTorch 1.13).
"""
import json
import os
import re
import struct

import torch

DIMENSION, LENGTH = 6, 8
VOCABULARY = (
    "a the old mill river bridge stone north of slow 2.5 1.23 3 well known x\u00e9 \u6cb3\u6d41 yes no "
    "the"  # twice: the last counts
).split() + [". . .", "tail"]
TEXTS = [
    "a",
    "The OLD mill, north of the river: yes; no?",
    "A well-known bridge.\nIts second line does not count.",
    "2.5 and .5 and 5. and 1.2.3 and 3.",
    "a  b - c",
    " the old mill ",
    "X\u00c9 \u6cb3\u6d41. \u0664.\u0665",
    "the river of the old stone bridge of the old stone mill of the north",
    "e.g. the U.S. mill...",
    "1,000.5 2,.5 3:.1",
    "tab\there\r",
    "...",
]


def words(text):
    line = text.lower().split("\n")[0]
    line = re.sub("[,;:?]", "", line).replace("-", " ")
    line = re.sub(r"(\d+\.\d+)|\.", lambda match: match.group(1) or "", line)
    return line.split(" ") if line else []


def main():
    os.makedirs("tiny-glove", exist_ok=True)
    torch.manual_seed(20240611)
    vectors = {}
    with open("tiny-glove/vectors.txt", "w", encoding="utf-8", newline="\n") as file:
        for word in VOCABULARY:
            numbers = ["%.5g" % x for x in (torch.randn(DIMENSION) * 0.4).tolist()]
            vectors[word] = torch.tensor([float(x) for x in numbers])
            file.write(" ".join([word] + numbers) + "\n")
    condition = torch.zeros(len(TEXTS), LENGTH, DIMENSION)
    with open("tiny-glove/golden.tsv", "w", encoding="utf-8", newline="\n") as file:
        for i, text in enumerate(TEXTS):
            found = words(text)
            file.write("\t".join(json.dumps(s) for s in [text] + found) + "\n")
            for j, word in enumerate(found[:LENGTH]):
                condition[i, j] = vectors.get(word, torch.ones(DIMENSION))
    data = condition.numpy().tobytes()
    header = json.dumps({"length8": {"dtype": "F32", "shape": list(condition.shape),
                                     "data_offsets": [0, len(data)]}}, separators=(",", ":"))
    header += " " * (-len(header) % 8)
    with open("tiny-glove/golden.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header.encode() + data)


main()

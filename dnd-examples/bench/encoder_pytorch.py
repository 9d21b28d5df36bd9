"""Times a BERT of random weights and the shape of all-MiniLM-L6-v2 in PyTorch, the peer of DnD4J's
encoder.

    python3 encoder_pytorch.py TEXTS LENGTH [threads] [runs] [--json]

Needs python3-torch. TEXTS is a number of random texts, all of the length, or a file with a line of
token ids for each, which are padded to the length. Prints the seconds of each run.

The steps are those of Hugging Face's BERT: padding is hidden as keys by a mask, which is left out
where there is none, and its own states are computed. PyTorch's nn.TransformerEncoder takes longer
for that, or gives zeros for padding.
"""

import argparse
import sys

import torch
from torch import nn
from torch.nn import functional

sys.dont_write_bytecode = True

from encoder_runs import read_texts, time_runs  # noqa: E402
from peer_report import print_runs  # noqa: E402

VOCABULARY, POSITIONS, WIDTH, HEADS, INNER, LAYERS = 30522, 512, 384, 12, 1536, 6


def attend(query, key, value, mask):
    if hasattr(functional, "scaled_dot_product_attention"):
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5  # before PyTorch 2
    return (scores if mask is None else scores + mask).softmax(-1) @ value


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.output = nn.Linear(WIDTH, WIDTH)
        self.attention_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.up, self.down = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, x, mask):
        heads = (
            part(x).view(*x.shape[:2], HEADS, -1).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        context = attend(*heads, mask).transpose(1, 2).reshape(x.shape)
        x = self.attention_norm(x + self.output(context))
        return self.norm(x + self.down(functional.gelu(self.up(x))))


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList([Layer() for _ in range(LAYERS)])

    def forward(self, ids, mask):
        x = self.norm(self.words(ids) + self.positions(torch.arange(ids.shape[1])))
        added = None
        if not mask.all():
            lowest = torch.finfo(x.dtype).min
            added = torch.zeros(mask.shape).masked_fill(mask == 0, lowest)[:, None, None, :]
            added = added.expand(-1, 1, ids.shape[1], -1)
        for layer in self.layers:
            x = layer(x, added)
        return x


def main(args):
    torch.set_num_threads(args.threads)
    model = Bert().eval()
    ids, masks = map(torch.tensor, read_texts(args.texts, args.length, VOCABULARY))
    states = torch.empty(*ids.shape, WIDTH)

    def encode(texts, at_once):
        for first in range(0, texts, at_once):
            some = slice(first, min(texts, first + at_once))
            states[some] = model(ids[some], masks[some])

    with torch.no_grad():
        seconds, note = time_runs(encode, len(ids), args.runs)
    print_runs("PyTorch", torch.__version__, seconds, args.json, note)


def parse_arguments():
    parser = argparse.ArgumentParser(description=" ".join(__doc__.splitlines()[:2]))
    parser.add_argument("texts")
    parser.add_argument("length", type=int)
    parser.add_argument("threads", type=int, nargs="?", default=2)
    parser.add_argument("runs", type=int, nargs="?", default=1)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main(parse_arguments())

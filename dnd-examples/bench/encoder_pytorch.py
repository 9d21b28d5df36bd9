"""Times a BERT of random weights and the shape of all-MiniLM-L6-v2 in PyTorch, the peer of DnD4J's
encoder.

    python3 encoder_pytorch.py TEXTS LENGTH [threads] [runs] [--json]

Needs python3-torch. Texts are random tokens, all of the length. Prints the seconds of each run.
"""

import argparse
import sys
import time

import torch
from torch import nn

sys.dont_write_bytecode = True

from peer_report import print_end  # noqa: E402

VOCABULARY, POSITIONS, WIDTH, HEADS, INNER, LAYERS = 30522, 512, 384, 12, 1536, 6
BATCH_TOKENS = 4096


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        layer = nn.TransformerEncoderLayer(
            WIDTH,
            HEADS,
            INNER,
            dropout=0.0,
            activation="gelu",
            layer_norm_eps=1e-12,
            batch_first=True,
        )
        self.layers = nn.TransformerEncoder(layer, LAYERS)

    def forward(self, tokens):
        places = torch.arange(tokens.shape[1])
        return self.layers(self.norm(self.words(tokens) + self.positions(places)))


def main(args):
    torch.set_num_threads(args.threads)
    model = Bert().eval()
    tokens = torch.randint(VOCABULARY, (args.texts, args.length))
    batches = tokens.split(max(1, BATCH_TOKENS // args.length))
    states = torch.empty(args.texts, args.length, WIDTH)
    runs = []
    with torch.no_grad():
        for _ in range(args.runs):
            start = time.perf_counter()
            first = 0
            for batch in batches:
                states[first : first + len(batch)] = model(batch)
                first += len(batch)
            runs.append((time.perf_counter() - start, []))
            if not args.json:
                print(f"PyTorch {torch.__version__} encoder {runs[-1][0]:.3f} s")
    print_end("PyTorch", torch.__version__, runs, args.json)


def parse_arguments():
    parser = argparse.ArgumentParser(description=" ".join(__doc__.splitlines()[:2]))
    parser.add_argument("texts", type=int)
    parser.add_argument("length", type=int)
    parser.add_argument("threads", type=int, nargs="?", default=2)
    parser.add_argument("runs", type=int, nargs="?", default=1)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main(parse_arguments())

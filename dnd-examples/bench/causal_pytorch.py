"""Times a language model of random weights and the shape of Qwen2.5-0.5B up to a layer in PyTorch,
the peer of DnD4J's CausalLmEncoder.

    python3 causal_pytorch.py TEXTS LENGTH [threads] [runs] [--layer 23] [--bfloat16] [--json]

Needs python3-torch. Texts are random tokens, all of the length. Prints the seconds of each run.
"""

import argparse
import sys
import time

import torch
from torch import nn
from torch.nn.functional import silu

sys.dont_write_bytecode = True

from peer_report import print_end  # noqa: E402

VOCABULARY, WIDTH, HEADS, GROUPS, INNER, THETA = 151936, 896, 14, 2, 4864, 1e6
SIZE = WIDTH // HEADS
BATCH_TOKENS = 4096


def rotate(x, cosines, sines):
    one, other = x.chunk(2, -1)
    return x * cosines + torch.cat([-other, one], -1) * sines


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        y = x.float()
        y = y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-6)
        return self.weight * y.to(x.dtype)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.inner_norm = Norm(), Norm()
        self.query_key_value = nn.Linear(WIDTH, (HEADS + 2 * GROUPS) * SIZE)
        self.output = nn.Linear(WIDTH, WIDTH, bias=False)
        self.gate = nn.Linear(WIDTH, INNER, bias=False)
        self.up = nn.Linear(WIDTH, INNER, bias=False)
        self.down = nn.Linear(INNER, WIDTH, bias=False)

    def forward(self, x, cosines, sines, mask):
        n, length, _ = x.shape
        heads = self.query_key_value(self.attention_norm(x)).view(n, length, -1, SIZE).transpose(1, 2)
        query, key, value = heads.split([HEADS, GROUPS, GROUPS], 1)
        query, key = rotate(query, cosines, sines), rotate(key, cosines, sines)
        key, value = (t.repeat_interleave(HEADS // GROUPS, 1) for t in (key, value))
        scores = query @ key.transpose(-1, -2) / SIZE**0.5 + mask
        context = (scores.softmax(-1) @ value).transpose(1, 2).reshape(n, length, WIDTH)
        x = x + self.output(context)
        y = self.inner_norm(x)
        return x + self.down(silu(self.gate(y)) * self.up(y))


class CausalLm(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.layers = nn.ModuleList([Layer() for _ in range(layers)])

    def forward(self, tokens):
        length = tokens.shape[1]
        x = self.words(tokens)
        places = torch.arange(length)[:, None]
        angles = places * THETA ** (-torch.arange(0, SIZE, 2) / SIZE)
        angles = torch.cat([angles, angles], -1)
        mask = torch.full((length, length), torch.finfo(x.dtype).min, dtype=x.dtype).triu(1)
        for layer in self.layers:
            x = layer(x, angles.cos().to(x.dtype), angles.sin().to(x.dtype), mask)
        return x


def main(args):
    torch.set_num_threads(args.threads)
    torch.set_default_dtype(torch.bfloat16 if args.bfloat16 else torch.float32)
    model = CausalLm(args.layer + 1).eval()
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
                print(f"PyTorch {torch.__version__} encoder {runs[-1][0]:.3f} s", flush=True)
    print_end("PyTorch", torch.__version__, runs, args.json)


def parse_arguments():
    parser = argparse.ArgumentParser(description=" ".join(__doc__.splitlines()[:2]))
    parser.add_argument("texts", type=int)
    parser.add_argument("length", type=int)
    parser.add_argument("threads", type=int, nargs="?", default=2)
    parser.add_argument("runs", type=int, nargs="?", default=1)
    parser.add_argument("--layer", type=int, default=23)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main(parse_arguments())

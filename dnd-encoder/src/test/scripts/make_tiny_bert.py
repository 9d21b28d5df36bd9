#!/usr/bin/env python3
"""Makes tiny-bert/: a random BERT of two layers as transformers saves it, and golden.safetensors with
what it makes of a few texts, computed here in float64 from the formulas of BERT as Hugging Face's
BertModel has them. Run it in src/test/resources/io/github/dnd4j/encoder; it always writes the same files (PyTorch 1.13).
"""
import json
import os
import struct

import torch

HIDDEN, LAYERS, HEADS, INNER, POSITIONS = 24, 2, 3, 40, 16
VOCABULARY = (
    "[PAD] [UNK] [CLS] [SEP] the river bend ##s slow ##ly north of mill old . , a stone bridge "
    "cross ##es it and then run on"
).split()
# Texts that the test feeds, as ids without special tokens.
TEXTS = {
    "The river bends slowly north of the old mill.": "the river bend ##s slow ##ly north of the old mill .",
    "a bridge": "a bridge",
    "The old stone bridge crosses it, and then the river runs on and on, slowly, north of the mill.":
        "the old stone bridge cross ##es it , and then the river run ##s on and on , slow ##ly , "
        "north of the mill .",
}


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.to(torch.float32).contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def make_weights():
    torch.manual_seed(20240607)
    w = {}

    def dense(name, inputs, outputs):
        w[name + ".weight"] = torch.randn(outputs, inputs) * 1.5 / inputs ** 0.5
        w[name + ".bias"] = torch.randn(outputs) * 0.3

    def norm(name):
        w[name + ".weight"] = 1 + torch.randn(HIDDEN) * 0.2
        w[name + ".bias"] = torch.randn(HIDDEN) * 0.2

    for name, rows in (("word", len(VOCABULARY)), ("position", POSITIONS), ("token_type", 2)):
        w["embeddings.%s_embeddings.weight" % name] = torch.randn(rows, HIDDEN)
    norm("embeddings.LayerNorm")
    for i in range(LAYERS):
        layer = "encoder.layer.%d." % i
        for part in ("query", "key", "value"):
            dense(layer + "attention.self." + part, HIDDEN, HIDDEN)
        dense(layer + "attention.output.dense", HIDDEN, HIDDEN)
        norm(layer + "attention.output.LayerNorm")
        dense(layer + "intermediate.dense", HIDDEN, INNER)
        dense(layer + "output.dense", INNER, HIDDEN)
        norm(layer + "output.LayerNorm")
    dense("pooler.dense", HIDDEN, HIDDEN)
    return w


def bert(w, ids, mask):
    """Last hidden states [N, L, C] of ids and mask [N, L]."""

    def dense(name, x):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def norm(name, x):
        return torch.nn.functional.layer_norm(
            x, (HIDDEN,), w[name + ".weight"], w[name + ".bias"], 1e-12)

    def heads(x):
        return x.reshape(*x.shape[:2], HEADS, HIDDEN // HEADS).transpose(1, 2)

    x = (w["embeddings.word_embeddings.weight"][ids]
         + w["embeddings.token_type_embeddings.weight"][0]
         + w["embeddings.position_embeddings.weight"][:ids.shape[1]])
    x = norm("embeddings.LayerNorm", x)
    # The lowest float32, as in float32 arithmetic, where any score added to it vanishes.
    lowest = torch.finfo(torch.float32).min
    for i in range(LAYERS):
        layer = "encoder.layer.%d." % i
        q, k, v = (heads(dense(layer + "attention.self." + p, x)) for p in ("query", "key", "value"))
        scores = q @ k.transpose(-1, -2) / (HIDDEN // HEADS) ** 0.5
        scores = torch.where(mask[:, None, None, :] == 1, scores, torch.full_like(scores, lowest))
        context = (scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape)
        x = norm(layer + "attention.output.LayerNorm",
                 x + dense(layer + "attention.output.dense", context))
        inner = torch.nn.functional.gelu(dense(layer + "intermediate.dense", x))
        x = norm(layer + "output.LayerNorm", x + dense(layer + "output.dense", inner))
    return x


def encode(w, length):
    """Texts padded to a length and cut at it; in windows of POSITIONS ids if that is longer."""
    rows, masks = [], []
    for pieces in TEXTS.values():
        ids = [VOCABULARY.index(p) for p in pieces.split()][:length - 2]
        ids = [VOCABULARY.index("[CLS]")] + ids + [VOCABULARY.index("[SEP]")]
        masks.append([1] * len(ids) + [0] * (length - len(ids)))
        rows.append(ids + [0] * (length - len(ids)))
    ids, mask = torch.tensor(rows), torch.tensor(masks)
    window = min(length, POSITIONS)
    return torch.cat([bert(w, ids[:, i:i + window], mask[:, i:i + window])
                      for i in range(0, length, window)], 1)


def tokenizer():
    special = [{"id": i, "content": VOCABULARY[i], "single_word": False, "lstrip": False,
                "rstrip": False, "normalized": False, "special": True} for i in range(4)]
    cls, sep = ({"SpecialToken": {"id": t, "type_id": 0}} for t in ("[CLS]", "[SEP]"))
    return {
        "version": "1.0",
        # Shorter than any text, so that a reader that follows them is noticed.
        "truncation": {"direction": "Right", "max_length": 5, "strategy": "LongestFirst",
                       "stride": 0},
        "padding": {"strategy": {"Fixed": 5}, "direction": "Right", "pad_to_multiple_of": None,
                    "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [cls, {"Sequence": {"id": "A", "type_id": 0}}, sep],
            "pair": [cls, {"Sequence": {"id": "A", "type_id": 0}}, sep,
                     {"Sequence": {"id": "B", "type_id": 1}}, sep],
            "special_tokens": {t: {"id": t, "ids": [VOCABULARY.index(t)], "tokens": [t]}
                               for t in ("[CLS]", "[SEP]")}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100,
                  "vocab": {w: i for i, w in enumerate(VOCABULARY)}}}


CONFIG = {
    "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu",
    "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
    "intermediate_size": INNER, "max_position_embeddings": POSITIONS, "type_vocab_size": 2,
    "vocab_size": len(VOCABULARY), "layer_norm_eps": 1e-12, "position_embedding_type": "absolute",
    "pad_token_id": 0}

if __name__ == "__main__":
    os.makedirs("tiny-bert", exist_ok=True)
    weights = make_weights()
    write_safetensors("tiny-bert/model.safetensors", weights)
    for name, content in (("config.json", CONFIG), ("tokenizer.json", tokenizer())):
        with open("tiny-bert/" + name, "w") as file:
            json.dump(content, file, indent=1)
            file.write("\n")
    double = {name: tensor.double() for name, tensor in weights.items()}
    write_safetensors("tiny-bert/golden.safetensors",
                      {"length%d" % length: encode(double, length) for length in (8, 16, 32)})

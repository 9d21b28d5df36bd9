#!/usr/bin/env python3
"""Makes tiny-qwen2/, tiny-llama/ and tiny-qwen3/: random language models of three layers as transformers
saves them, each with golden.safetensors, which holds what their layers make of a few texts, computed
here in float64 from the formulas of the papers (Llama, arXiv 2302.13971; Qwen2, arXiv 2407.10671;
rotary positions, arXiv 2104.09864; grouped queries, arXiv 2305.13245; Llama 3.1's and linear scaling
of positions as in Hugging Face's documentation). Run it in
src/test/resources/io/github/dnd4j/encoder; it always writes the same files (PyTorch 1.13).
"""
import json
import math
import os
import re
import struct

import torch

HIDDEN, LAYERS, HEADS, GROUPS, INNER, POSITIONS = 16, 3, 4, 2, 24, 64
TEXTS = [
    "The river bends slowly north of the old mill, and then the other.",
    "caf\u00e9",
    "",
    "then",
]
MERGES = ["t h", "th e", "\u0120 the", "o r", "e r", "\u0120 a", "the n", "\u0120 then", "i v"]
BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"


def byte_alphabet():
    """GPT-2's characters for bytes: printable ones stand for themselves, others move up."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = [b for b in range(256) if b not in plain]
    return {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(moved)}}


ALPHABET = byte_alphabet()
VOCABULARY = [ALPHABET[b] for b in range(256)] + [m.replace(" ", "") for m in MERGES]
SPECIAL = {name: len(VOCABULARY) + i for i, name in enumerate((BEGIN, END, PAD))}
SIZE = len(VOCABULARY) + len(SPECIAL)


def tokenize(text):
    ids = []
    for word in re.findall(r" ?[^\W\d_]+| ?\d+| ?[^\s\w]+|\s+", text):
        pieces = [ALPHABET[b] for b in word.encode()]
        while True:
            ranks = [MERGES.index(p) if p in MERGES else len(MERGES)
                     for p in map(" ".join, zip(pieces, pieces[1:]))]
            if not ranks or min(ranks) == len(MERGES):
                break
            at = ranks.index(min(ranks))
            pieces[at:at + 2] = ["".join(pieces[at:at + 2])]
        ids += [VOCABULARY.index(p) for p in pieces]
    return ids


def tokenizer(begin):
    after = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}
    if begin:
        a, b = ({"Sequence": {"id": i, "type_id": t}} for i, t in (("A", 0), ("B", 1)))
        first = {"SpecialToken": {"id": BEGIN, "type_id": 0}}
        after = {"type": "TemplateProcessing", "single": [first, a], "pair": [first, a, first, b],
                 "special_tokens": {BEGIN: {"id": BEGIN, "ids": [SPECIAL[BEGIN]],
                                            "tokens": [BEGIN]}}}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": t, "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": True}
                         for t, i in SPECIAL.items()],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False,
                          "use_regex": True},
        "post_processor": after,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                    "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": False,
                  "byte_fallback": False, "vocab": {t: i for i, t in enumerate(VOCABULARY)},
                  "merges": MERGES}}


def make_weights(config, dtype):
    size = config.get("head_dim", HIDDEN // HEADS)
    w = {}

    def dense(name, inputs, outputs, bias=False):
        w[name + ".weight"] = torch.randn(outputs, inputs) * 1.5 / inputs ** 0.5
        if bias:
            w[name + ".bias"] = torch.randn(outputs) * 0.3

    def norm(name, width):
        w[name + ".weight"] = 1 + torch.randn(width) * 0.2

    w["model.embed_tokens.weight"] = torch.randn(SIZE, HIDDEN)
    for i in range(LAYERS):
        layer = "model.layers.%d." % i
        bias = config["model_type"] == "qwen2"
        norm(layer + "input_layernorm", HIDDEN)
        for part, heads in (("q", HEADS), ("k", GROUPS), ("v", GROUPS)):
            dense(layer + "self_attn.%s_proj" % part, HIDDEN, heads * size, bias)
        dense(layer + "self_attn.o_proj", HEADS * size, HIDDEN)
        if config["model_type"] == "qwen3":
            norm(layer + "self_attn.q_norm", size)
            norm(layer + "self_attn.k_norm", size)
        norm(layer + "post_attention_layernorm", HIDDEN)
        for part in ("gate", "up"):
            dense(layer + "mlp.%s_proj" % part, HIDDEN, INNER)
        dense(layer + "mlp.down_proj", INNER, HIDDEN)
    norm("model.norm", HIDDEN)
    return {name: tensor.to(dtype) for name, tensor in w.items()}


def frequencies(config, size):
    f = config["rope_theta"] ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    scaling = config.get("rope_scaling") or {"rope_type": "default"}
    if scaling["rope_type"] == "linear":
        return f / scaling["factor"]
    if scaling["rope_type"] == "llama3":
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        old = scaling["original_max_position_embeddings"]
        wave = 2 * math.pi / f
        smooth = (old / wave - low) / (high - low)
        between = (1 - smooth) * f / scaling["factor"] + smooth * f
        return torch.where(wave > old / low, f / scaling["factor"],
                           torch.where(wave < old / high, f, between))
    return f


def rms_norm(x, weight):
    return x / (x.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt() * weight


def rotate(x, angles):
    half = x.shape[-1] // 2
    one, other = x[..., :half], x[..., half:]
    return torch.cat([one * angles.cos() - other * angles.sin(),
                      other * angles.cos() + one * angles.sin()], -1)


def run(w, config, ids, mask):
    """The hidden states [N, L, C] after each layer, of ids and mask [N, L]."""
    n, length = ids.shape
    size = config.get("head_dim", HIDDEN // HEADS)
    angles = torch.arange(length, dtype=torch.float64)[:, None] * frequencies(config, size)
    # The lowest float32, as in float32 arithmetic, where any score added to it vanishes.
    lowest = torch.finfo(torch.float32).min
    seen = torch.tril(torch.ones(length, length, dtype=torch.bool)) & (mask[:, None, None, :] == 1)
    x = w["model.embed_tokens.weight"][ids]
    states = []
    for i in range(LAYERS):
        layer = "model.layers.%d." % i

        def dense(name, value):
            result = value @ w[layer + name + ".weight"].T
            return result + w.get(layer + name + ".bias", 0)

        def heads(part, count):
            value = dense("self_attn.%s_proj" % part, y).reshape(n, length, count, size)
            weight = w.get(layer + "self_attn.%s_norm.weight" % part)
            value = value if weight is None else rms_norm(value, weight)
            return value.transpose(1, 2)

        y = rms_norm(x, w[layer + "input_layernorm.weight"])
        q = rotate(heads("q", HEADS), angles)
        k = rotate(heads("k", GROUPS), angles).repeat_interleave(HEADS // GROUPS, 1)
        v = heads("v", GROUPS).repeat_interleave(HEADS // GROUPS, 1)
        scores = q @ k.transpose(-1, -2) / size ** 0.5
        scores = torch.where(seen, scores, torch.full_like(scores, lowest))
        context = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, length, HEADS * size)
        x = x + dense("self_attn.o_proj", context)
        y = rms_norm(x, w[layer + "post_attention_layernorm.weight"])
        gate = dense("mlp.gate_proj", y)
        x = x + dense("mlp.down_proj", gate * torch.sigmoid(gate) * dense("mlp.up_proj", y))
        states.append(x)
    return states


def encode(w, config, length, begin, pad):
    """Texts padded to a length and cut at it."""
    rows, masks = [], []
    for text in TEXTS:
        ids = ([SPECIAL[BEGIN]] if begin else []) + tokenize(text)
        ids = ids[:length]
        masks.append([1] * len(ids) + [0] * (length - len(ids)))
        rows.append(ids + [SPECIAL[pad]] * (length - len(ids)))
    return run(w, config, torch.tensor(rows), torch.tensor(masks))


def write_safetensors(path, tensors):
    names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
    header, data = {}, b""
    for name, tensor in tensors.items():
        bits = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
        raw = bits.contiguous().numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def write_json(path, content):
    with open(path, "w") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def write_weights(folder, weights, shards):
    if shards == 1:
        write_safetensors(folder + "/model.safetensors", weights)
        return
    files = ["model-%05d-of-%05d.safetensors" % (i + 1, shards) for i in range(shards)]
    names = list(weights)
    # The last file begins within the last layer.
    borders = [0, len(names) - 6, len(names)]
    index = {}
    for i, file in enumerate(files):
        part = {name: weights[name] for name in names[borders[i]:borders[i + 1]]}
        write_safetensors(folder + "/" + file, part)
        index.update({name: file for name in part})
    size = sum(t.numel() * t.element_size() for t in weights.values())
    write_json(folder + "/model.safetensors.index.json",
               {"metadata": {"total_size": size}, "weight_map": index})


def make(name, config, dtype, shards, begin, pad, variants):
    os.makedirs(name, exist_ok=True)
    config = {
        "hidden_act": "silu", "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "num_key_value_heads": GROUPS, "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS, "vocab_size": SIZE, "rms_norm_eps": 1e-6,
        "bos_token_id": SPECIAL[BEGIN], "tie_word_embeddings": True, **config}
    weights = make_weights(config, dtype)
    write_weights(name, weights, shards)
    write_json(name + "/config.json", config)
    write_json(name + "/tokenizer.json", tokenizer(begin))
    double = {n: t.double() for n, t in weights.items()}
    golden = {}
    for variant, changes in variants.items():
        for length in (8, 48):
            states = encode(double, {**config, **changes}, length, begin, pad)
            for i in (0, LAYERS - 1):
                golden["%slayer%d-length%d" % (variant, i, length)] = states[i].float()
    write_safetensors(name + "/golden.safetensors", golden)


if __name__ == "__main__":
    torch.manual_seed(20250714)
    make("tiny-qwen2", {"model_type": "qwen2", "rope_theta": 1000.0, "use_sliding_window": False,
                        "sliding_window": 32, "eos_token_id": [SPECIAL[END], SPECIAL[BEGIN]]},
         torch.float32, 1, False, PAD, {"": {}})
    write_json("tiny-qwen2/tokenizer_config.json", {"pad_token": PAD, "eos_token": END})
    llama3 = {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
              "original_max_position_embeddings": 32}
    make("tiny-llama", {"model_type": "llama", "rope_theta": 500.0, "rope_scaling": llama3,
                        "head_dim": 8, "attention_bias": False, "mlp_bias": False,
                        "eos_token_id": SPECIAL[END]},
         torch.bfloat16, 2, True, END,
         {"": {}, "linear-": {"rope_scaling": {"rope_type": "linear", "factor": 4.0}}})
    make("tiny-qwen3", {"model_type": "qwen3", "rope_theta": 10000.0, "head_dim": 6,
                        "rope_scaling": None, "attention_bias": False, "pad_token_id": SPECIAL[PAD],
                        "eos_token_id": SPECIAL[END]},
         torch.float16, 1, False, PAD, {"": {}})

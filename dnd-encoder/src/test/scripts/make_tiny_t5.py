#!/usr/bin/env python3
"""Makes tiny-t5/ and tiny-t5-gated/: random T5 encoders of version 1.0 (relu) and 1.1 (gated GELU) as
transformers saves them, each with golden.safetensors: what it makes of a few texts, computed here in
float64 from the formulas of Raffel et al., arXiv 1910.10683, and the buckets of relative positions. Run
it in src/test/resources/io/github/dnd4j/encoder; it always writes the same files (PyTorch 1.13).
"""
import json
import math
import os
import struct

import torch

PAD, END, UNKNOWN = 0, 1, 2
PIECES = ["<pad>", "</s>", "<unk>", "\u2581", ".", ",", "s", "ly"] + ["\u2581" + word for word in (
    "the river bend slow north of old mill a stone bridge cross it and then run on").split()]
EXTRA_IDS = 4
# Texts that the test feeds, as their pieces; an underscore is what SentencePiece makes of a space.
TEXTS = {
    "the river bends slowly north of the old mill.":
        "_the _river _bend s _slow ly _north _of _the _old _mill .",
    "a bridge": "_a _bridge",
    "": "",
    "the old bridge runs on and on, slowly, and then it runs on and on, north of the stone mill.":
        "_the _old _bridge _run s _on _and _on , _slow ly , _and _then _it _run s _on _and _on , "
        "_north _of _the _stone _mill .",
}
LENGTHS = (8, 16, 40)
COMMON = {"architectures": ["T5EncoderModel"], "vocab_size": 32, "num_layers": 2,
          "pad_token_id": PAD, "eos_token_id": END, "layer_norm_epsilon": 1e-6}
MODELS = {
    # Heads that together are narrower than the model, few buckets, and distances beyond the last one.
    "tiny-t5": {**COMMON, "model_type": "t5", "d_model": 24, "d_kv": 6, "num_heads": 3, "d_ff": 40,
                "relative_attention_num_buckets": 8, "relative_attention_max_distance": 20,
                "feed_forward_proj": "relu"},
    # Heads that together are wider than the model, and defaults as in files of old.
    "tiny-t5-gated": {**COMMON, "model_type": "t5", "d_model": 16, "d_kv": 8, "num_heads": 4,
                      "d_ff": 20, "relative_attention_num_buckets": 32,
                      "feed_forward_proj": "gated-gelu"},
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


def make_weights(c):
    torch.manual_seed(20191023)
    w = {}
    width, inner, heads = c["d_model"], c["d_ff"], c["num_heads"] * c["d_kv"]

    def dense(name, inputs, outputs, scale=1.0):
        w[name + ".weight"] = torch.randn(outputs, inputs) * scale / inputs ** 0.5

    def norm(name):
        w[name + ".weight"] = 1 + torch.randn(width) * 0.2

    w["shared.weight"] = torch.randn(c["vocab_size"], width)
    for i in range(c["num_layers"]):
        layer = "encoder.block.%d.layer." % i
        # T5 does not scale scores; its weights do instead.
        dense(layer + "0.SelfAttention.q", width, heads, 1.5 / c["d_kv"] ** 0.5)
        dense(layer + "0.SelfAttention.k", width, heads)
        dense(layer + "0.SelfAttention.v", width, heads)
        dense(layer + "0.SelfAttention.o", heads, width)
        if i == 0:
            w[layer + "0.SelfAttention.relative_attention_bias.weight"] = torch.randn(
                c["relative_attention_num_buckets"], c["num_heads"])
        norm(layer + "0.layer_norm")
        for part in ("wi_0", "wi_1") if c["feed_forward_proj"] == "gated-gelu" else ("wi",):
            dense(layer + "1.DenseReluDense." + part, width, inner, 1.5)
        dense(layer + "1.DenseReluDense.wo", inner, width)
        norm(layer + "1.layer_norm")
    norm("encoder.final_layer_norm")
    # A part of a decoder, which an encoder has no use for.
    norm("decoder.final_layer_norm")
    return w


def bucket(relative, buckets, max_distance):
    """The bucket of key position minus query position, both directions; logarithms in float32."""
    half = buckets // 2
    exact = half // 2
    far = relative.abs()
    large = exact + (torch.log(far.float() / exact) / math.log(max_distance / exact)
                     * (half - exact)).long()
    large = torch.minimum(large, torch.full_like(large, half - 1))
    return (relative > 0).long() * half + torch.where(far < exact, far, large)


def t5(c, w, ids, mask):
    """Last hidden states [N, L, C] of ids and mask [N, L]."""
    length, heads = ids.shape[1], c["num_heads"]

    def dense(name, x):
        return x @ w[name + ".weight"].T

    def norm(name, x):
        return w[name + ".weight"] * x / (x.pow(2).mean(-1, keepdim=True)
                                          + c["layer_norm_epsilon"]).sqrt()

    def split(x):
        return x.reshape(*x.shape[:2], heads, c["d_kv"]).transpose(1, 2)

    place = torch.arange(length)
    buckets = bucket(place[None, :] - place[:, None], c["relative_attention_num_buckets"],
                     c.get("relative_attention_max_distance", 128))
    bias = w["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
    bias = bias[buckets].permute(2, 0, 1)[None]
    bias = bias.masked_fill(mask[:, None, None, :] == 0, -math.inf)
    x = w["shared.weight"][ids]
    for i in range(c["num_layers"]):
        layer = "encoder.block.%d.layer." % i
        y = norm(layer + "0.layer_norm", x)
        q, k, v = (split(dense(layer + "0.SelfAttention." + p, y)) for p in "qkv")
        y = ((q @ k.transpose(-1, -2) + bias).softmax(-1) @ v).transpose(1, 2).flatten(2)
        x = x + dense(layer + "0.SelfAttention.o", y)
        y = norm(layer + "1.layer_norm", x)
        inner = layer + "1.DenseReluDense."
        if c["feed_forward_proj"] == "relu":
            y = torch.relu(dense(inner + "wi", y))
        else:
            gate = dense(inner + "wi_0", y)
            gate = gate / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi)
                                              * (gate + 0.044715 * gate ** 3)))
            y = gate * dense(inner + "wi_1", y)
        x = x + dense(inner + "wo", y)
    return norm("encoder.final_layer_norm", x)


def encode(c, w, length):
    """Texts padded to a length and cut at it."""
    rows, masks = [], []
    for pieces in TEXTS.values():
        ids = [PIECES.index(p.replace("_", "\u2581")) for p in pieces.split()][:length - 1] + [END]
        masks.append([1] * len(ids) + [0] * (length - len(ids)))
        rows.append(ids + [PAD] * (length - len(ids)))
    return t5(c, w, torch.tensor(rows), torch.tensor(masks))


def score(i):
    """Longer pieces are likelier than the pieces that they are made of."""
    return 0.0 if i < 3 else -2.0 - i / 8


def tokenizer():
    extra = ["<extra_id_%d>" % i for i in reversed(range(EXTRA_IDS))]
    special = [(i, PIECES[i]) for i in range(3)]
    special += [(len(PIECES) + i, token) for i, token in enumerate(extra)]
    space = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always",
             "split": True}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": token, "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": True}
                         for i, token in special],
        "normalizer": None,
        "pre_tokenizer": space,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                     {"SpecialToken": {"id": "</s>", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 0}},
                     {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [END], "tokens": ["</s>"]}}},
        "decoder": space,
        "model": {"type": "Unigram", "unk_id": UNKNOWN, "byte_fallback": False,
                  "vocab": [[p, score(i)] for i, p in enumerate(PIECES)]
                  + [[token, 0.0] for token in extra]}}


def varint(value):
    return bytes([value]) if value < 128 else bytes([value % 128 + 128]) + varint(value // 128)


def field(number, value):
    """A field of a protocol buffer: bytes, a float or a whole number."""
    if isinstance(value, bytes):
        return varint(number * 8 + 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number * 8 + 5) + struct.pack("<f", value)
    return varint(number * 8) + varint(value)


def sentence_piece():
    """The same tokenizer as SentencePiece has it; extra ids are not in such files."""
    kinds = {PAD: 3, END: 3, UNKNOWN: 2}
    data = b""
    for i, piece in enumerate(PIECES):
        kind = field(3, kinds[i]) if i in kinds else b""
        data += field(1, field(1, piece.encode()) + field(2, score(i)) + kind)
    # A unigram model, no rules for characters, a space before the text and none too many within it.
    return data + field(2, field(3, 1) + field(40, UNKNOWN)) + field(
        3, field(1, b"identity") + field(2, b"") + field(3, 1) + field(4, 1) + field(5, 1))


if __name__ == "__main__":
    for name, config in MODELS.items():
        os.makedirs(name, exist_ok=True)
        weights = make_weights(config)
        write_safetensors(name + "/model.safetensors", weights)
        for file_name, content in (("config.json", config), ("tokenizer.json", tokenizer())):
            with open(name + "/" + file_name, "w") as file:
                json.dump(content, file, indent=1)
                file.write("\n")
        with open(name + "/spiece.model", "wb") as file:
            file.write(sentence_piece())
        double = {key: tensor.double() for key, tensor in weights.items()}
        golden = {"length%d" % n: encode(config, double, n) for n in LENGTHS}
        golden["buckets"] = bucket(
            torch.arange(-300, 301), config["relative_attention_num_buckets"],
            config.get("relative_attention_max_distance", 128)).float()
        write_safetensors(name + "/golden.safetensors", golden)

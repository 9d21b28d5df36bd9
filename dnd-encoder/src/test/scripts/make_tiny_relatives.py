#!/usr/bin/env python3
"""Makes tiny-mpnet/, tiny-roberta/, tiny-xlm-roberta/ and tiny-distilbert/: random relatives of BERT, of
two layers each, as transformers saves them, and golden.safetensors with what they make of a few texts,
computed here in float64 from the formulas of Song et al., arXiv 2004.09297, Liu et al., arXiv 1907.11692,
Conneau et al., arXiv 1911.02116, and Sanh et al., arXiv 1910.01108, where these leave something open
as Hugging Face's models have it. Run it in src/test/resources/io/github/dnd4j/encoder; it always writes
the same files (PyTorch 1.13).

ids<length>      the padded ids of the texts, as floats
length<length>   their last hidden states; in windows if the length is more than one window
"""
import os
import sys

import torch

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_tiny_bert as bert
import make_tiny_causal as causal
import make_tiny_t5 as t5

HIDDEN, LAYERS, HEADS, INNER = 16, 2, 2, 24
BEGIN, PAD, END, UNKNOWN = "<s>", "<pad>", "</s>", "<unk>"
# What RoBERTa's kind of models have first in their vocabularies, and MPNet but for the last.
SPECIAL = [BEGIN, PAD, END, UNKNOWN]
LONG = "the old stone bridge cross ##es it and then the river bend ##s slow ##ly . "

# For each of BERT's names of modules in a layer, those of its relatives.
NAMES = {
    "mpnet": ["encoder.layer.%d.", "attention.attn.q", "attention.attn.k", "attention.attn.v",
              "attention.attn.o", "attention.LayerNorm", "intermediate.dense", "output.dense",
              "output.LayerNorm"],
    "distilbert": ["transformer.layer.%d.", "attention.q_lin", "attention.k_lin",
                   "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn.lin1", "ffn.lin2",
                   "output_layer_norm"],
    "roberta": ["encoder.layer.%d.", "attention.self.query", "attention.self.key",
                "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
                "intermediate.dense", "output.dense", "output.LayerNorm"]}
NAMES["xlm-roberta"] = NAMES["roberta"]


class Model:
    """A model and what it makes of ids; windows is how many tokens it takes at once."""

    def __init__(self, kind, words, window, eps, prefix=""):
        self.kind, self.window, self.eps = kind, window, eps
        # The padding token's id, up to which no position is a token's.
        self.padding = 1 if kind != "distilbert" else None
        self.positions = window if self.padding is None else window + self.padding + 1
        self.words, self.prefix = words, prefix
        self.layer, *self.names = NAMES[kind]
        self.w = self.make_weights()
        self.double = {name: tensor.double() for name, tensor in self.w.items()}

    def make_weights(self):
        w = {}

        def dense(name, inputs, outputs):
            w[name + ".weight"] = torch.randn(outputs, inputs) * 1.5 / inputs ** 0.5
            w[name + ".bias"] = torch.randn(outputs) * 0.3

        def norm(name):
            w[name + ".weight"] = 1 + torch.randn(HIDDEN) * 0.2
            w[name + ".bias"] = torch.randn(HIDDEN) * 0.2

        w["embeddings.word_embeddings.weight"] = torch.randn(self.words, HIDDEN)
        w["embeddings.position_embeddings.weight"] = torch.randn(self.positions, HIDDEN)
        if "roberta" in self.kind:
            w["embeddings.token_type_embeddings.weight"] = torch.randn(1, HIDDEN)
        norm("embeddings.LayerNorm")
        if self.kind == "mpnet":
            w["encoder.relative_attention_bias.weight"] = torch.randn(32, HEADS)
        for i in range(LAYERS):
            q, k, v, o, norm1, inner, outer, norm2 = (self.layer % i + n for n in self.names)
            for name in (q, k, v, o):
                dense(name, HIDDEN, HIDDEN)
            norm(norm1)
            dense(inner, HIDDEN, INNER)
            dense(outer, INNER, HIDDEN)
            norm(norm2)
        if self.kind != "distilbert":
            dense("pooler.dense", HIDDEN, HIDDEN)
        return w

    def position_ids(self, ids):
        if self.padding is None:
            return torch.arange(ids.shape[1]).expand(ids.shape)
        # Padding, wherever it is, does not count and has its own id for a position.
        counts = (ids != self.padding).long()
        return counts.cumsum(1) * counts + self.padding

    def run(self, ids, mask):
        """Last hidden states [N, L, C] of ids and mask [N, L]."""
        w, length = self.double, ids.shape[1]

        def dense(name, x):
            return x @ w[name + ".weight"].T + w[name + ".bias"]

        def norm(name, x):
            return torch.nn.functional.layer_norm(
                x, (HIDDEN,), w[name + ".weight"], w[name + ".bias"], self.eps)

        def heads(x):
            return x.reshape(*x.shape[:2], HEADS, HIDDEN // HEADS).transpose(1, 2)

        x = (w["embeddings.word_embeddings.weight"][ids]
             + w["embeddings.position_embeddings.weight"][self.position_ids(ids)])
        if "roberta" in self.kind:
            x = x + w["embeddings.token_type_embeddings.weight"][0]
        x = norm("embeddings.LayerNorm", x)
        bias = 0
        if self.kind == "mpnet":
            place = torch.arange(length)
            buckets = t5.bucket(place[None, :] - place[:, None], 32, 128)
            bias = w["encoder.relative_attention_bias.weight"][buckets].permute(2, 0, 1)[None]
        # The lowest float32, as in float32 arithmetic, where any score added to it vanishes.
        lowest = torch.finfo(torch.float32).min
        for i in range(LAYERS):
            q, k, v, o, norm1, inner, outer, norm2 = (self.layer % i + n for n in self.names)
            scores = heads(dense(q, x)) @ heads(dense(k, x)).transpose(-1, -2)
            scores = scores / (HIDDEN // HEADS) ** 0.5 + bias
            scores = torch.where(
                mask[:, None, None, :] == 1, scores, torch.full_like(scores, lowest))
            context = (scores.softmax(-1) @ heads(dense(v, x))).transpose(1, 2).reshape(x.shape)
            x = norm(norm1, x + dense(o, context))
            x = norm(norm2, x + dense(outer, torch.nn.functional.gelu(dense(inner, x))))
        return x

    def encode(self, texts, length, begin, end, pad):
        """Texts, given by their ids, padded to a length and cut at it; their ids and states."""
        rows, masks = [], []
        for text in texts:
            ids = [begin] + text[:length - 2] + [end]
            masks.append([1] * len(ids) + [0] * (length - len(ids)))
            rows.append(ids + [pad] * (length - len(ids)))
        ids, mask = torch.tensor(rows), torch.tensor(masks)
        window = min(length, self.window)
        return ids, torch.cat([self.run(ids[:, i:i + window], mask[:, i:i + window])
                               for i in range(0, length, window)], 1)

    def config(self, further):
        config = {"model_type": self.kind, "vocab_size": self.words,
                  "max_position_embeddings": self.positions}
        if self.kind == "distilbert":
            config.update({"activation": "gelu", "dim": HIDDEN, "n_layers": LAYERS,
                           "n_heads": HEADS, "hidden_dim": INNER, "sinusoidal_pos_embds": False})
        else:
            config.update({"hidden_act": "gelu", "hidden_size": HIDDEN,
                           "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
                           "intermediate_size": INNER, "layer_norm_eps": self.eps})
        return {**config, **further}

    def write(self, further, tokenizer, texts, special=(0, 2, 1)):
        folder = "tiny-" + self.kind
        os.makedirs(folder, exist_ok=True)
        bert.write_safetensors(folder + "/model.safetensors",
                               {self.prefix + name: t for name, t in self.w.items()})
        causal.write_json(folder + "/config.json", self.config(further))
        causal.write_json(folder + "/tokenizer.json", tokenizer)
        golden = {}
        for length in (8, self.window, 2 * self.window):
            ids, states = self.encode(texts, length, *special)
            golden["ids%d" % length], golden["length%d" % length] = ids, states
        bert.write_safetensors(folder + "/golden.safetensors", golden)


def added(tokens):
    return [{"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True} for i, t in tokens]


def template():
    begin, end = ({"SpecialToken": {"id": t, "type_id": 0}} for t in (BEGIN, END))
    a, b = ({"Sequence": {"id": i, "type_id": 0}} for i in "AB")
    return {"type": "TemplateProcessing", "single": [begin, a, end],
            "pair": [begin, a, end, end, b, end],
            "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]}
                               for i, t in ((0, BEGIN), (2, END))}}


def mpnet():
    """WordPiece of BERT's words behind special tokens of RoBERTa's, and a window longer than 91, from
    which distance on all share the last bucket. One of the texts has padding in its middle."""
    words = [BEGIN, PAD, END, "[UNK]"] + bert.VOCABULARY[4:] + ["<mask>"]
    tokenizer = {**bert.tokenizer(), "added_tokens": added([*enumerate(words[:4]),
                                                            (len(words) - 1, "<mask>")]),
                 "padding": None, "truncation": None, "post_processor": template()}
    tokenizer["model"] = {**tokenizer["model"], "vocab": {w: i for i, w in enumerate(words)}}
    texts = ["the river bend ##s slow ##ly north of the old mill .", "a <pad> bridge", "",
             LONG * 8]
    model = Model("mpnet", len(words), 100, 1e-5)
    model.write({"architectures": ["MPNetForMaskedLM"], "pad_token_id": 1, "bos_token_id": 0,
                 "eos_token_id": 2, "relative_attention_num_buckets": 32},
                tokenizer, [[words.index(p) for p in text.split()] for text in texts])


def roberta():
    """Byte-level BPE as RoBERTa's own, with what its tokenizer puts around a text."""
    words = SPECIAL + causal.VOCABULARY + ["<mask>"]
    tokenizer = {**causal.tokenizer(False), "normalizer": None,
                 "added_tokens": added([*enumerate(SPECIAL), (len(words) - 1, "<mask>")]),
                 "post_processor": {"type": "RobertaProcessing", "sep": [END, 2],
                                    "cls": [BEGIN, 0], "trim_offsets": True,
                                    "add_prefix_space": False}}
    tokenizer["model"] = {**tokenizer["model"], "vocab": {w: i for i, w in enumerate(words)}}
    model = Model("roberta", len(words), 20, 1e-5, "roberta.")
    model.write({"architectures": ["RobertaForMaskedLM"], "pad_token_id": 1, "bos_token_id": 0,
                 "eos_token_id": 2, "type_vocab_size": 1},
                tokenizer, [[i + len(SPECIAL) for i in causal.tokenize(text)]
                            for text in causal.TEXTS])


def xlm_roberta():
    """A Unigram model as XLM-RoBERTa's, of T5's pieces behind the special tokens."""
    pieces = SPECIAL + t5.PIECES[3:] + ["<mask>"]
    space = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always",
             "split": True}
    scores = [0.0] * 4 + [t5.score(i) for i in range(3, len(t5.PIECES))] + [0.0]
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": added([*enumerate(SPECIAL), (len(pieces) - 1, "<mask>")]),
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
                                                                 space]},
        "post_processor": template(), "decoder": space,
        "model": {"type": "Unigram", "unk_id": 3, "byte_fallback": False,
                  "vocab": [[p, s] for p, s in zip(pieces, scores)]}}
    model = Model("xlm-roberta", len(pieces), 16, 1e-5)
    model.write({"architectures": ["XLMRobertaModel"], "pad_token_id": 1, "bos_token_id": 0,
                 "eos_token_id": 2, "type_vocab_size": 1, "position_embedding_type": "absolute"},
                tokenizer, [[pieces.index(p.replace("_", "\u2581")) for p in text.split()]
                            for text in t5.TEXTS.values()])


def distilbert():
    """With the tokenizer of tiny-bert."""
    model = Model("distilbert", len(bert.VOCABULARY), 16, 1e-12, "distilbert.")
    model.write({"architectures": ["DistilBertForMaskedLM"], "pad_token_id": 0},
                bert.tokenizer(), [[bert.VOCABULARY.index(p) for p in text.split()]
                                   for text in bert.TEXTS.values()], (2, 3, 0))


if __name__ == "__main__":
    torch.manual_seed(20260310)
    mpnet()
    roberta()
    xlm_roberta()
    distilbert()

#!/usr/bin/env python3
"""Makes tiny-bert/tuning.safetensors: what PyTorch's autograd and AdamW make of a LoRA adapter of the
random BERT of make_tiny_bert.py, in float64. Run it in src/test/resources/io/github/dnd4j/encoder; it
always writes the same file (PyTorch 1.13).

start/<module>.lora_A, .lora_B   the adapter, of rank 2 and alpha 3 (so the scale is 1.5); no B is 0
states                           last hidden states of make_tiny_bert's texts with it, at length 16
loss                             InfoNCE of the pairs below at temperature 0.05, before and after 3 steps
gradient/<module>...             the first one's gradient
tuned/<module>...                the adapter after 3 steps of AdamW (rate 0.01, decay 0.1)
"""
import os
import sys

import torch

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_tiny_bert as tiny

RANK, SCALE = 2, 1.5
PAIRS = [("the river bends slowly", "slowly on and on"),
         ("a stone bridge crosses it", "the old bridge"),
         ("north of the mill", "the river runs north and then the mill")]
# The same pieces as the tokenizer makes of these words.
PIECES = {"bends": "bend ##s", "slowly": "slow ##ly", "crosses": "cross ##es", "runs": "run ##s"}


def adapter():
    torch.manual_seed(20250101)
    result = {}
    for i in range(tiny.LAYERS):
        for name, inputs, outputs in (
                ("attention.self.query", tiny.HIDDEN, tiny.HIDDEN),
                ("attention.self.key", tiny.HIDDEN, tiny.HIDDEN),
                ("attention.self.value", tiny.HIDDEN, tiny.HIDDEN),
                ("attention.output.dense", tiny.HIDDEN, tiny.HIDDEN),
                ("intermediate.dense", tiny.HIDDEN, tiny.INNER),
                ("output.dense", tiny.INNER, tiny.HIDDEN)):
            module = "encoder.layer.%d.%s" % (i, name)
            a = (torch.rand(RANK, inputs) * 2 - 1) / inputs ** 0.5
            b = torch.randn(outputs, RANK) * 0.3
            result[module + ".lora_A"], result[module + ".lora_B"] = a.double(), b.double()
    return result


def merged(weights, lora):
    result = dict(weights)
    for name in lora:
        if name.endswith(".lora_A"):
            module = name[:-len(".lora_A")]
            change = SCALE * lora[module + ".lora_B"] @ lora[name]
            result[module + ".weight"] = weights[module + ".weight"] + change
    return result


def embed(weights, text):
    words = " ".join(PIECES.get(word, word) for word in text.split()).split()
    ids = torch.tensor([[tiny.VOCABULARY.index(w) for w in ["[CLS]"] + words + ["[SEP]"]]])
    mean = tiny.bert(weights, ids, torch.ones_like(ids))[0].mean(0)
    return mean / mean.norm()


def loss_of(weights, lora):
    weights = merged(weights, lora)
    anchors = torch.stack([embed(weights, anchor) for anchor, _ in PAIRS])
    positives = torch.stack([embed(weights, positive) for _, positive in PAIRS])
    return torch.nn.functional.cross_entropy(
        anchors @ positives.T / 0.05, torch.arange(len(PAIRS)))


base = {name: tensor.double() for name, tensor in tiny.make_weights().items()}
lora = adapter()
golden = {"start/" + name: tensor.clone() for name, tensor in lora.items()}
golden["states"] = tiny.encode(merged(base, lora), 16)
for tensor in lora.values():
    tensor.requires_grad_()
optimizer = torch.optim.AdamW(lora.values(), lr=0.01, weight_decay=0.1)
losses = []
for step in range(4):
    loss = loss_of(base, lora)
    losses.append(loss.detach())
    optimizer.zero_grad()
    loss.backward()
    if step == 0:
        golden.update({"gradient/" + name: tensor.grad.clone() for name, tensor in lora.items()})
    if step < 3:
        optimizer.step()
golden["loss"] = torch.stack([losses[0], losses[3]])
golden.update({"tuned/" + name: tensor.detach() for name, tensor in lora.items()})
tiny.write_safetensors("tiny-bert/tuning.safetensors", golden)
print("losses", [float(loss) for loss in losses])

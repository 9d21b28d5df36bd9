"""Writes small PyTorch checkpoints, and what is in them as JSON.

Run in src/test/resources/io/github/dnd4j/io with PyTorch (made with 1.13):

    python3 ../../../../../scripts/make_checkpoints.py
"""
import json
from collections import OrderedDict

import torch

torch.manual_seed(0)
base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8
shared = torch.arange(10, dtype=torch.float32)
linear = torch.nn.Linear(3, 2)  # its state dict is an OrderedDict with a state of its own
content = OrderedDict(
    contiguous=base,
    transposed=base.t(),
    columns=base[:, 2:5],
    every_second=base[1:, ::2],
    row=base[2],
    shared_head=shared[:4],
    shared_tail=shared[3:],
    expanded=shared[1:3].unsqueeze(1).expand(2, 5),
    permuted=torch.randn(2, 3, 4).permute(2, 0, 1),
    half=torch.randn(3, 3).half(),
    half_transposed=torch.randn(3, 2).half().t(),
    bfloat16=torch.randn(5).bfloat16(),
    double=torch.randn(4, dtype=torch.float64),
    double_strided=torch.randn(4, 2, dtype=torch.float64)[:, 1],
    int64=torch.tensor([1, -(2**40), 2**62]),
    int32=torch.tensor([1, -(2**31)], dtype=torch.int32),
    int16=torch.tensor([1, -300], dtype=torch.int16),
    int8=torch.tensor([[1, -128], [3, 4]], dtype=torch.int8).t(),
    uint8=torch.tensor([1, 255], dtype=torch.uint8),
    bool=torch.tensor([True, False, True]),
    scalar=torch.tensor(2.5),
    empty=torch.empty(0, 3),
    parameter=torch.nn.Parameter(torch.randn(2, 2)),
    model={"layers": [linear.state_dict(), {"weight": torch.ones(1)}], "pair": (torch.zeros(2), 7)},
    epoch=12,
    lr=0.5,
    name="tiny",
    nothing=None,
    done=True,
)


def tensors(value, name=""):
    join = (lambda key: str(key)) if not name else (lambda key: name + "." + str(key))
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key in value:
            yield from tensors(value[key], join(key))
    elif isinstance(value, (list, tuple)):
        for key, item in enumerate(value):
            yield from tensors(item, join(key))


torch.save(content, "checkpoint.pth")
torch.save(content, "checkpoint-protocol4.pth", pickle_protocol=4)
torch.save(torch.tensor([0.5, 1.5]), "single.pt")
torch.save({"weight": torch.ones(1)}, "legacy.pth", _use_new_zipfile_serialization=False)
q_proj = "base_model.model.layers.0.q_proj."
torch.save({q_proj + "lora_A.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3),
            q_proj + "lora_B.weight": torch.ones(4, 2)}, "adapter_model.bin")
with open("checkpoint.json", "w") as out:
    rows = {name: {"type": str(tensor.dtype)[6:], "shape": list(tensor.shape),
                   "values": tensor.detach().flatten().tolist()} for name, tensor in tensors(content)}
    json.dump(rows, out, indent=0)

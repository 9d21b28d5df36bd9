#!/usr/bin/env bash
# The README's figures of a training step: DnD4J's trainer and the same step in PyTorch, in turn, on the
# same number of threads and with the same allocator settings.
#   training-step.sh [ROUNDS]
# Needs python3-torch.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
rounds=${1:-3}
python=${PYTHON:-/usr/bin/python3}
features="(16,32,384) (32,24,160) (96,16,144) (324,10,130)" # the preset minilm-l6
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=4294967296:glibc.malloc.arena_max=1

"$here/../bin/dnd" --version
for round in $(seq "$rounds"); do
  echo "round $round of $rounds, $(nproc) threads"
  "$python" -B "$here/training_step_pytorch.py" "$features" 5 8 "$(nproc)" 10 8
  "$here/../bin/dnd" bench-training-step --preset minilm-l6 --batch 8 --warm-up 8 --steps 10 2>/dev/null
done

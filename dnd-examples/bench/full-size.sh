#!/usr/bin/env bash
# The README's full-size figures: prompts to a 0.5B adapter with DnD4J, and PyTorch's decoder beside it,
# in turn, on the same number of threads.
#   full-size.sh PROMPTS [RUNS]
# PROMPTS: a file of 128 prompts or more. Needs python3-torch for PyTorch's part.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
prompts=$(readlink -f "$1")
runs=${2:-3}
threads=$(nproc)
features="(128,384,384) (128,200,300) (128,100,256) (256,50,200) (512,50,200) (1024,25,200) (1024,10,200) (2048,10,200) (4296,10,130)"
python=${PYTHON:-/usr/bin/python3}
# The same allocator settings for both: they help PyTorch too.
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4194304
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$here/../bin/dnd" --version
for run in $(seq "$runs"); do
  echo "run $run of $runs, $threads threads"
  "$here/../bin/dnd" generate --preset qwen2.5-0.5b --untrained --prompts "$prompts" \
    --out "$work/adapter$run" 2>/dev/null
  "$python" -B "$here/decoder_pytorch.py" "$features" 9 "$threads" 1
done
sha256sum "$work"/adapter*/adapter_model.safetensors | cut -d' ' -f1 | sort | uniq -c |
  while read -r count hash; do echo "$count adapters with the SHA-256 $hash"; done

"""How the scripts here end: with their peak memory, or with what `dnd bench` reads, if called with --json."""

import json
import resource
import sys


def peak_bytes():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def print_end(program, version, runs, as_json):
    """Prints the last line. runs: a list of (seconds, seconds of each stage), told by JSON only."""
    if not as_json:
        print(f"{program} peak memory {peak_bytes() / 2**30:.2f} GiB")
        return
    document = {
        "version": version,
        "runs": [{"seconds": seconds, "stageSeconds": stages} for seconds, stages in runs],
        "peakResidentBytes": peak_bytes(),
    }
    print(json.dumps(document))

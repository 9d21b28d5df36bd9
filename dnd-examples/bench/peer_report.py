"""What `dnd bench` reads of the scripts here when they are called with --json."""

import json
import resource
import sys


def peak_bytes():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def print_json(version, runs):
    """Prints one line. runs: a list of (seconds, seconds of each stage)."""
    document = {
        "version": version,
        "runs": [{"seconds": seconds, "stageSeconds": stages} for seconds, stages in runs],
        "peakResidentBytes": peak_bytes(),
    }
    print(json.dumps(document))

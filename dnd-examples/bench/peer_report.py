"""How the scripts here end: with their peak memory, or with what `dnd bench` reads, if called with --json."""

import json
import resource
import sys


def peak_bytes():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def print_end(program, version, runs, as_json, note=""):
    """Prints the last line. runs: a list of (seconds, seconds of each stage), told by JSON only, as is
    the note on how it was done."""
    if not as_json:
        print(f"{program} peak memory {peak_bytes() / 2**30:.2f} GiB")
        return
    document = {
        "version": version,
        "runs": [{"seconds": seconds, "stageSeconds": stages} for seconds, stages in runs],
        "peakResidentBytes": peak_bytes(),
        "note": note,
    }
    print(json.dumps(document))


def print_runs(program, version, seconds, as_json, note):
    """The same for an encoder's runs, each on a line of its own."""
    if not as_json:
        for run in seconds:
            print(f"{program} {version} encoder {run:.3f} s")
        print(note)
    print_end(program, version, [(run, []) for run in seconds], as_json, note)

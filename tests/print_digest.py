"""Prints, as JSON, the digest of each part of a crash; run with NUMBA_DISABLE_JIT=1 to compare."""

import json
import sys

from worlds import crash_world, digests, finished

if __name__ == "__main__":
    sys.stdout.write(json.dumps(digests(finished(crash_world(), int(sys.argv[1])))))

"""What environments are called, for many random pairs of repository and
branch: legal names, and none that two of them can have."""

from __future__ import annotations

import os
import random

PAIRS = int(os.environ.get("SLIPWAY_NAMES", "100000"))
SEED = int(os.environ.get("SLIPWAY_SEED", str(random.randrange(1 << 32))))


def test_no_two_share_a_name(run_step, steps):
    result = run_step(steps.parent / "drivers" / "names", PAIRS, SEED,
                      timeout=900).json
    print(f"SLIPWAY_SEED={SEED}: {result}")
    assert result["named"] + result["refusedAsSystem"] == PAIRS
    assert result["refusedAsSystem"] < PAIRS / 10
    assert result["illegal"] == 0
    # what the join alone cannot tell apart is refused by its owner's marks
    assert result["shared"] > 0
    assert result["taken"] == 0
    assert result["mixed"] == 0         # one release of two namespaces

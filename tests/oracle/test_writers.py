"""Values written as Helm's functions write them, in each notation.

The values are those of test_yaml: words, keys and numbers that some notation
has trouble with.  SLIPWAY_SEED repeats a run, SLIPWAY_DOCUMENTS makes it
longer.
"""

from __future__ import annotations

import json
import os
import random

import reference
from test_tmpl import Case, compare
from test_yaml import value

DOCUMENTS = int(os.environ.get("SLIPWAY_DOCUMENTS", "1000"))
WRITERS = ["toJson", "toPrettyJson", "toRawJson", "toYaml", "toYamlPretty",
           "toToml"]


def case(rng: random.Random) -> Case:
    """The data is JSON in a text, which mustFromJson reads on both sides."""
    text = json.dumps({"v": value(rng)})
    template = "(( $data := mustFromJson .text ))" + "\n".join(
        f"(( {writer} $data.v ))" for writer in WRITERS)
    return "error", json.dumps({"text": text}), template


def test_values_are_written_as_helm_does():
    rng = random.Random(reference.seed())
    compare([case(rng) for _ in range(DOCUMENTS)])

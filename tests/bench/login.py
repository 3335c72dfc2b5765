"""Who we are to a cluster, against the AWS CLI."""

from __future__ import annotations

import sys
from pathlib import Path

from measuring import Case, Side

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1", "AWS_SECRET_ACCESS_KEY": "bench"}


def cases(work: Path, steps: Path) -> list[Case]:
    """A token for EKS; the script of that name is how people start `aws`."""
    aws = Path(sys.prefix) / "bin" / "aws"
    return [Case("token for EKS, against aws", 200,
                 Side([str(steps / "eks-token"), "--cluster", "preview"],
                      work, env=KEYS),
                 Side([str(aws), "eks", "get-token", "--cluster-name",
                       "preview"], work, env=KEYS), runs=10)]

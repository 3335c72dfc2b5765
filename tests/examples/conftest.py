"""The harness, once for all tests here."""

from __future__ import annotations

import pytest

from jenkins import Groovy


@pytest.fixture(scope="session")
def groovy():
    with Groovy() as groovy:
        yield groovy

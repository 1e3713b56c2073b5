"""A stage on virtual time."""

import pytest
from stage import Stage


@pytest.fixture
def stage() -> Stage:
    """Actors on virtual time, run in the order in which they became ready."""
    return Stage()

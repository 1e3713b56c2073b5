"""The global random numbers of a step don't depend on what a step before it did to them."""

import random


def reseed() -> None:
    """Seed them from the operating system."""
    random.seed()

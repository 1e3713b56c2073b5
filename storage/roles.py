"""What the bearer of a token may do, from least to most: each role may all that the ones before may."""

from enum import StrEnum


class Role(StrEnum):
    """`viewer` reads; `operator` also triggers, pauses, cancels, backfills; `admin` may do everything."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, needed: "Role") -> bool:
        """Whether this role is enough where that one is needed.

        >>> Role.OPERATOR.may(Role.VIEWER), Role.OPERATOR.may(Role.ADMIN)
        (True, False)
        """
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)

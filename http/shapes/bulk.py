"""What came of an import, as it is answered."""

from typing import TYPE_CHECKING

from .shape import FieldProblem, Shape

if TYPE_CHECKING:
    from quarterjack.runtime import bulk


class LineProblem(Shape):
    """What is wrong with a line; the first is 1."""

    line: int
    errors: list[FieldProblem]


class ImportReport(Shape):
    """How many schedules were made, changed, or were so already."""

    created: int
    updated: int
    unchanged: int
    errors: list[LineProblem]

    @classmethod
    def of(cls, found: "bulk.ImportReport") -> "ImportReport":
        """The report of an import."""
        return cls(
            created=found.created,
            updated=found.updated,
            unchanged=found.unchanged,
            errors=[_line(each) for each in found.errors],
        )


def _line(found: "bulk.LineErrors") -> LineProblem:
    errors = [FieldProblem(loc=list(each.loc), msg=each.msg) for each in found.errors]
    return LineProblem(line=found.line, errors=errors)

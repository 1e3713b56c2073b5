"""Tables fit: columns are cut, or left out by their rank, and no line is wider than it may be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from quarterjack.http.cli.show.fitted_table import Column, Shrink, table

NAME = Column("NAME", 1, least=6, shrink=Shrink.CUT)
KEY = Column("ID", 2, least=4, shrink=Shrink.BEGIN)
COUNT = Column("COUNT", 3, is_right=True)
ROWS = [
    [Text("Nightly report"), Text("sch_12345678"), Text("7")],
    [Text("日本語の名前"), Text("sch_2"), Text("12")],
]
WIDTHS = st.integers(min_value=1, max_value=60)
TEXTS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=30).map(Text)
COLUMNS = st.builds(
    Column,
    st.text("ABC", max_size=8),
    st.integers(0, 5),
    st.integers(1, 8),
    st.sampled_from(Shrink),
    st.booleans(),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Column], list[list[Text]]]:
    """Columns, and rows for them."""
    columns = draw(st.lists(COLUMNS, min_size=1, max_size=5))
    row = st.lists(TEXTS, min_size=len(columns), max_size=len(columns))
    return columns, draw(st.lists(row, max_size=5))


def lines(width: int | None) -> list[str]:
    return [line.plain for line in table([NAME, KEY, COUNT], ROWS, width)]


@settings(deadline=None, database=None)
@given(tables(), WIDTHS)
def test_no_line_is_wider_than_it_may_be(
    given_table: tuple[list[Column], list[list[Text]]], width: int
) -> None:
    columns, rows = given_table

    found = table(columns, rows, width)

    assert len(found) == len(rows) + 1
    assert all(cell_len(line.plain) <= width for line in found)


def test_without_a_width_nothing_is_cut() -> None:
    assert lines(None) == [
        "NAME            ID            COUNT",
        "Nightly report  sch_12345678      7",
        "日本語の名前    sch_2            12",
    ]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (35, "Nightly report  sch_12345678      7"),
        (34, "Nightly report  sch_      7"),
        (24, "Nightly re…  sch_      7"),
        (19, "Night…  sch_      7"),
        (18, "Nightly rep…  sch_"),
        (12, "Night…  sch_"),
        (11, "Nightly re…"),
        (3, "Ni…"),
    ],
)
def test_the_narrower_it_is_the_less_is_shown(width: int, shown: str) -> None:
    assert lines(width)[1] == shown


def test_a_column_without_any_text_is_left_out() -> None:
    rows = [[Text("a"), Text(""), Text("1")], [Text("b"), Text(""), Text("2")]]

    assert table([NAME, KEY, COUNT], rows, None)[0].plain == "NAME  COUNT"

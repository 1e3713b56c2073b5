"""What a cron expression may say, and how what it may not say is refused."""

import pytest
from cron_model import numbers
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.policies.cron_fields import KINDS, CronError, CronField
from quarterjack.actors.policies.cron_grammar import ALIASES, parse


def field(index: int, text: str) -> CronField:
    """One of six fields (0: seconds), the others being `*`."""
    parts = ["*"] * 6
    parts[index] = text
    return parse(" ".join(parts), "seed")[index]


@pytest.mark.parametrize(
    ("index", "text", "values"),
    [
        (1, "7", (7,)),
        (1, "007", (7,)),
        (1, "5-5", (5,)),
        (1, "5-5/10", (5,)),
        (1, "3,1,2,1", (1, 2, 3)),
        (1, "10-20/5", (10, 15, 20)),
        (1, "*/20", (0, 20, 40)),
        (1, "*/60", (0,)),
        (1, "50-59,*/30", (0, 30, *range(50, 60))),
        (2, "0-23", tuple(range(24))),
        (3, "*/10", (1, 11, 21, 31)),
        (4, "jan-mar,DEC", (1, 2, 3, 12)),
        (4, "Feb-8/3", (2, 5, 8)),
        (5, "sun", (0,)),
        (5, "7", (0,)),
        (5, "fri-7", (0, 5, 6)),
        (5, "0-7", tuple(range(7))),
        (5, "1-7/2", (0, 1, 3, 5)),
        (5, "*", tuple(range(7))),
    ],
)
def test_a_field_stands_for_its_values(index: int, text: str, values: tuple[int, ...]) -> None:
    assert field(index, text).values == values


def test_the_days_that_the_calendar_decides_are_understood() -> None:
    assert field(3, "l,15").last
    assert field(3, "L").values == ()
    assert [field(3, text).nearest for text in ("15w", "W15", "lw", "31W")] == [15, 15, 31, 31]
    assert [field(5, text).last_of for text in ("5l", "L5", "friL", "l7", "5L,fril")] == [
        (5,),
        (5,),
        (5,),
        (0,),
        (5,),
    ]
    assert field(5, "5#3,sun#1,7#1").nth == ((5, 3), (0, 1))


def test_five_fields_begin_with_minutes_and_six_with_seconds() -> None:
    five, six = parse("1 2 3 4 5", ""), parse("9\t1  2 3 4 5\n", "")

    assert [each.values for each in five] == [(0,), (1,), (2,), (3,), (4,), (5,)]
    assert [each.values for each in six] == [(9,), (1,), (2,), (3,), (4,), (5,)]


@pytest.mark.parametrize("name", ALIASES)
def test_a_name_stands_for_its_expression(name: str) -> None:
    assert parse(name, "") == parse(ALIASES[name], "") == parse(f" {name.upper()} ", "")


@pytest.mark.parametrize(
    ("text", "starred", "everything"),
    [
        ("*", True, True),
        ("*/1", True, True),
        ("*/2", True, False),
        ("*,5", True, True),
        ("0-59", False, False),
        ("5,*", False, False),
        ("H/2", False, False),
    ],
)
def test_only_what_begins_with_a_star_is_starred(
    text: str, starred: bool, everything: bool
) -> None:
    found = field(1, text)

    assert (found.is_starred, found.is_any) == (starred, everything)


ITEMS = st.one_of(
    st.just("*"),
    st.integers(1, 24).map(lambda step: f"*/{step}"),
    st.integers(0, 23).map(str),
    st.tuples(st.integers(0, 23), st.integers(0, 23), st.integers(1, 24)).map(
        lambda part: f"{min(part[:2])}-{max(part[:2])}/{part[2]}"
    ),
)


@given(st.lists(ITEMS, min_size=1, max_size=4).map(",".join))
@settings(max_examples=150, deadline=None, database=None)
def test_lists_ranges_and_steps_are_read_as_the_model_reads_them(text: str) -> None:
    assert set(field(2, text).values) == numbers(text, 0, 23)


@pytest.mark.parametrize(
    ("expression", "name", "told"),
    [
        ("61 * * * *", "minute", "`61` is not in 0–59"),
        ("60 * * * * *", "second", "`60` is not in 0–59"),
        ("* 24 * * *", "hour", "`24` is not in 0–23"),
        ("* * 0 * *", "day-of-month", "`0` is not in 1–31"),
        ("* * 32 * *", "day-of-month", "`32` is not in 1–31"),
        ("* * * 13 *", "month", "`13` is not in 1–12 or jan–dec"),
        ("* * * foo *", "month", "`foo` is not in 1–12 or jan–dec"),
        ("* * * mon *", "month", "it is a day-of-week"),
        ("* mar * * *", "hour", "it is a month"),
        ("* * * * 8", "day-of-week", "`8` is not in 0–7 or sun–sat"),
        ("* * * * mon-xyz", "day-of-week", "`xyz` is not in 0–7"),
        ("5-3 * * * *", "minute", "reversed; write `3-5`, or `5-59,0-3` to go round"),
        ("* 22-4 * * *", "hour", "reversed; write `4-22`, or `22-23,0-4`"),
        ("* * * * sat-sun", "day-of-week", "write `6-7`: Sunday is 7, too"),
        ("*/0 * * * *", "minute", "the step of `*/0` is not in 1–60"),
        ("1-9/0 * * * *", "minute", "the step of `1-9/0` is not in 1–60"),
        ("*/61 * * * *", "minute", "not in 1–60; for other distances give the schedule an"),
        ("*/99999 * * * *", "minute", "the step of `*/99999`"),
        ("* * * * */8", "day-of-week", "not in 1–7"),
        ("1/5 * * * *", "minute", "a step without a range; write `1-59/5`"),
        ("*-5 * * * *", "minute", "not understood"),
        ("-5 * * * *", "minute", "`-5` is not understood"),
        ("1.5 * * * *", "minute", "not understood"),
        ("* * ? * *", "day-of-month", "`?` is not understood; write `*`"),
        ("* * * * ?", "day-of-week", "write `*`"),
        ("1,,2 * * * *", "minute", "take one comma away"),
        ("r * * * *", "minute", "another time at each start; write `H`, which stays"),
        ("* R(2-4) * * *", "hour", "another time at each start; write `H`, which stays"),
        ("R/15 * * * *", "minute", "another time at each start; write `H`, which stays"),
        ("l * * * *", "minute", "`l` is not in 0–59"),
        ("* * l-3 * *", "day-of-month", "`L` is a month's last day"),
        ("* * 15w,20 * *", "day-of-month", "`W` stands alone"),
        ("* * 0w * *", "day-of-month", "`0` is not in 1–31"),
        ("* * * * l", "day-of-week", "say which day: `5L` is a month's last Friday"),
        ("* * * * 5#6", "day-of-week", "which of the month, 1–5"),
        ("* * * * 5#0", "day-of-week", "which of the month, 1–5"),
        ("* * * * 8#1", "day-of-week", "`8` is not in 0–7"),
        ("* * * * 1,5#3", "day-of-week", "can't be mixed"),
        ("h(5-3) * * * *", "minute", "reversed"),
        ("h(0-99) * * * *", "minute", "`99` is not in 0–59"),
        ("h/0 * * * *", "minute", "the step of `h/0`"),
        ("h-5 * * * *", "minute", "write `H`, `H/15` or `H(0-29)`"),
        ("0 0 1 * 5#2", "day-of-week", "can't stand beside a restricted day-of-month"),
        ("0 0 */2 * 5#2", "day-of-week", "can't stand beside a restricted day-of-month"),
        ("0 0 1 * 5l", "day-of-week", "or write two cron lines"),
        ("0 0 15w * 1", "day-of-month", "can't stand beside a restricted day-of-week"),
        ("0 0 30 2 *", "day-of-month", "`30` never comes in the month `2`"),
        ("0 0 31 feb *", "day-of-month", "`31` never comes in the month `feb`"),
        ("0 0 31 4 *", "day-of-month", "`31` never comes in the month `4`"),
        ("0 0 30,31 2 *", "day-of-month", "never comes"),
        ("0 0 31 2,4,6,9,11 *", "day-of-month", "never comes"),
        ("0 0 31 4-6/2 */2", "day-of-month", "never comes"),
        ("* * * * * * *", "year", "this has 7 fields, and there is none for years"),
        ("0 0 1 1 * 2027", "day-of-week", "there is no field for years"),
        ("9" * 200 + " * * * *", "minute", "is not in 0–59"),
        ("*/" + "9" * 200 + " * * * *", "minute", "the step"),
        ("* " + "9" * 5_000 + " * * *", "hour", "at most 256 characters, this has 5,008"),
        (",".join(["1"] * 100_000) + " * * * *", "minute", "at most 256 characters"),
        ("5\xa0* * * *", "minute", "U+00A0 (no-break space) is not plain ASCII; type it again"),
        ("* * *\xa0* *", "day-of-month", "U+00A0"),
        ("* * * *\u2003*", "month", "U+2003 (em space)"),
        ("* ٣ * * *", "hour", "U+0663 (arabic-indic digit three)"),
        ("1–5 * * * *", "minute", "U+2013 (en dash)"),
        ("* * * * fri\x1fx", "day-of-week", "`fri\\x1fx` is not understood"),
        ("5\x0b* * * * *", "minute", "`5\\x0b*` is not understood"),
    ],
)
def test_the_wrong_field_is_named(expression: str, name: str, told: str) -> None:
    with pytest.raises(CronError) as refused:
        parse(expression, "")

    assert refused.value.field == name
    assert str(refused.value).startswith(f"Bad {name}: ")
    assert told in str(refused.value)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("", "5 fields, or 6 with seconds first; this has 0"),
        ("* * * *", "this has 4"),
        ("* * * * * * * *", "this has 8"),
        ("@foo", "`@foo` is none of @yearly"),
        ("@daily *", "`@daily *` is none of"),
        ("@reboot", "make the schedule `manual`, and trigger it when the machine has started"),
        ("@every 5m", "is an `interval` of a schedule"),
        ("* * * * *" + " " * 300, "at most 256 characters"),
        ("x" * 300, "at most 256 characters"),
        ("\xa0", "U+00A0"),
    ],
)
def test_a_wrong_whole_is_told(expression: str, told: str) -> None:
    with pytest.raises(CronError) as refused:
        parse(expression, "")

    assert refused.value.field is None
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 29 2 *",
        "0 0 30,31 2 5",  # or a Friday
        "0 0 30,31 2-3 *",
        "0 0 15,31 2 *",
        "0 0 l,31 2 *",
        "0 0 31w 2 *",
        "0 0 * 2 5#5",
        "0 0 29 2 */7",
    ],
)
def test_what_comes_at_all_is_taken(expression: str) -> None:
    assert len(parse(expression, "")) == len(KINDS)


@given(st.text(max_size=40) | st.text("0123456789*/-,#LWHRjanmonsu@()? \t", max_size=40))
@settings(max_examples=300, deadline=None, database=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        fields = parse(text, "")
    except CronError as error:
        assert str(error).isprintable()
    else:
        again = " ".join(each.text for each in fields)
        assert [each.values for each in parse(again, "")] == [each.values for each in fields]

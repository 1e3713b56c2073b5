"""Lines of a crontab: what Debian's cron 3.0pl1 was seen to make of each of them."""

import pytest

from quarterjack.http.cli.crontab_lines import (
    Blank,
    Command,
    Comment,
    CrontabError,
    Entry,
    Line,
    Variable,
    read_line,
    split_command,
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", Blank()),
        (" \t \r", Blank()),
        ("# why", Comment("why")),
        ("  ## indented ", Comment("indented")),
        ("#", Comment("")),
        ("A = spaced value  ", Variable("A", "spaced value")),
        ('B="quoted  value "', Variable("B", "quoted  value ")),
        ("""C='single "q"'""", Variable("C", 'single "q"')),
        ("D=val # no comment", Variable("D", "val # no comment")),
        ("  E=leading", Variable("E", "leading")),
        ('"F G"=x', Variable("F G", "x")),
        ("H=$A", Variable("H", "$A")),
        ("K=a=b", Variable("K", "a=b")),
        ('x="a=b"   ', Variable("x", "a=b")),
        ('MAILTO=""', Variable("MAILTO", "")),
        ("N=1\r", Variable("N", "1")),
        ("0 3 * * * X=1 run", Entry("0 3 * * *", None, "X=1 run")),
        ("\t0\t3 * *  * \t run  two ", Entry("0 3 * * *", None, "run  two")),
        ("@hourly run", Entry("@hourly", None, "run")),
        ("@reboot run a=b", Entry("@reboot", None, "run a=b")),
    ],
)
def test_a_line_of_a_user_s_crontab(text: str, line: Line) -> None:
    assert read_line(text, system=False) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "25 6\t* * *\troot\ttest -x /usr/sbin/anacron || run",
            Entry("25 6 * * *", "root", "test -x /usr/sbin/anacron || run"),
        ),
        ("@daily www-data run", Entry("@daily", "www-data", "run")),
        ("0 0 * * * samba$ run", Entry("0 0 * * *", "samba$", "run")),
    ],
)
def test_a_line_of_a_system_crontab_names_a_user(text: str, line: Line) -> None:
    assert read_line(text, system=True) == line


@pytest.mark.parametrize(
    ("text", "system", "told"),
    [
        ("0 0 * * *", False, "no command"),
        ("@daily", False, "no command"),
        ("0 0 * * * root", True, "no command"),
        ("nonsense", False, "no command"),
        ("=x", False, "no command"),
        ("a b = c", False, "no command"),
        ("J=", False, 'write J=""'),
        ('L ="open', False, "closing quote"),
        ('I="a"b', False, "closing quote"),
        ("0 0 * * * /usr/bin/run it", True, "no user's name"),
    ],
)
def test_a_wrong_line_says_what_is_wrong(text: str, system: bool, told: str) -> None:
    with pytest.raises(CrontabError, match=told):
        read_line(text, system=system)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("run", Command("run", None)),
        (r"printf '\%s|' a\%b", Command("printf '%s|' a%b", None)),
        ("cat%line one%line two", Command("cat", "line one\nline two\n")),
        (r"cat%a\%b%c\\d%\\%e%%f", Command("cat", "a%b\nc\\\\d\n\\%e\n\nf\n")),
        (r"printf 'x\\\%y'", Command(r"printf 'x\%y'", None)),
        (r"printf 'x\\%y'", Command("printf 'x\\", "y'\n")),
        (r"printf 'a\\b' \n \*", Command(r"printf 'a\b' \n \*", None)),
        ("cat%", Command("cat", "")),
        ("cat%%", Command("cat", "\n")),
        ("cat%x\\", Command("cat", "x\\\n")),
        ("run \\", Command("run \\", None)),
        ("date +%F", Command("date +", "F\n")),
    ],
)
def test_percent_signs_end_the_command_and_the_lines_of_its_input(
    text: str, command: Command
) -> None:
    assert split_command(text) == command

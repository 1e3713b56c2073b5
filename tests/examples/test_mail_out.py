"""Mail out: the urgent first, and no more at a time than the reader likes."""

import mailbox
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quarterjack.examples.mail_out import delivered, mail, newsletter
from quarterjack.runtime import Execution, InvalidInput
from quarterjack.runtime.testing import VirtualRuntime

Play = Callable[..., Execution]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RESET = {"to": "ann@example.org", "subject": "Your new password", "body": "Choose one: …\n"}


@pytest.fixture
def list_of_40(tmp_path: Path) -> dict[str, Any]:
    """The parameters of a newsletter."""
    rows = "".join(f"p{n}@example.org,Person {n}\n" for n in range(40))
    (tmp_path / "all.csv").write_text(f"email,name\n{rows}nonsense,Nobody\n", encoding="utf-8")
    (tmp_path / "june.txt").write_text("News for $name\nDear $name,\n…\n", encoding="utf-8")
    names = {"subscribers": "all.csv", "template": "june.txt", "outbox": "out"}
    return {key: str(tmp_path / name) for key, name in names.items()}


def letters(outbox: Path) -> list[Any]:
    return list(mailbox.Maildir(outbox, create=False))


def test_a_letter_is_in_the_mailbox(tmp_path: Path, play: Play) -> None:
    found = play(mail, NOW, message=RESET, outbox=str(tmp_path / "out"))

    assert found.error is None
    (letter,) = letters(tmp_path / "out")
    assert letter["To"] == "ann@example.org"
    assert letter["From"] == "no-reply@localhost"
    assert letter["Subject"] == "Your new password"
    assert letter["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    assert letter["Message-ID"] == f"<{found.id}@localhost>"
    assert letter.get_payload(decode=True).decode() == RESET["body"]


def test_an_attempt_that_is_repeated_delivers_once(tmp_path: Path) -> None:
    class Same:
        execution_id = "exe_1"
        scheduled_time = NOW

    files = [delivered(b"a letter", str(tmp_path), Same()) for _ in range(2)]  # type: ignore[arg-type]

    assert files[0] == files[1]
    assert len(letters(tmp_path)) == 1


def test_a_newsletter_goes_to_each_address(tmp_path: Path, play: Play, list_of_40: Any) -> None:
    found = play(newsletter, NOW, **list_of_40)

    assert found.result == {"sent": 40}
    subjects = {letter["To"]: letter["Subject"] for letter in letters(tmp_path / "out")}
    assert len(subjects) == 40
    assert subjects["p7@example.org"] == "News for Person 7"


def test_no_more_than_ten_start_in_any_second(list_of_40: Any) -> None:
    with VirtualRuntime(workflows=[newsletter]) as runtime:
        runtime.wait_for(runtime.run("newsletter", params=list_of_40).get()).get()
        every = runtime.list_executions().get().items

    starts = sorted(each.started_at for each in every if each.workflow_id == "mail")  # type: ignore[type-var]
    second = timedelta(seconds=1)
    assert len(starts) == 40
    assert all(late - early >= second for early, late in zip(starts, starts[10:], strict=False))  # type: ignore[operator]
    assert starts[-1] - starts[0] == 3 * second  # type: ignore[operator]


def test_what_is_urgent_overtakes_a_newsletter(list_of_40: Any) -> None:
    with VirtualRuntime(workflows=[newsletter]) as runtime:
        bulk = runtime.run("newsletter", params=list_of_40, priority=9).get()
        runtime.advance("500ms")
        given = {"message": RESET, "outbox": list_of_40["outbox"]}
        urgent = runtime.run("mail", params=given, priority=0).get()
        reset = runtime.wait_for(urgent).get()
        waiting = runtime.get_execution(bulk).get()
        ended = runtime.wait_for(bulk).get()

    done = [item for item in waiting.items["mail"] if item.status == "succeeded"]
    assert reset.ended_at is not None
    assert reset.ended_at - reset.queued_at <= timedelta(seconds=1)
    assert len(done) <= 20
    assert ended.result == {"sent": 40}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("hello", "it has to, subject, body"),
        ({"to": "ann@example.org"}, "it has to, subject, body"),
        (RESET | {"cc": "x"}, "nothing else"),
        (RESET | {"body": 3}, "all of it is text"),
        (RESET | {"to": "ann"}, "'ann' is no address"),
        (RESET | {"to": "a@b\nBcc: c@d"}, "is no address"),
        (RESET | {"subject": "a\nBcc: c@d"}, "the subject is one line"),
    ],
)
def test_a_letter_that_can_not_be_sent_is_refused(message: Any, said: str) -> None:
    with VirtualRuntime(workflows=[mail]) as runtime, pytest.raises(InvalidInput, match=said):
        runtime.run("mail", params={"message": message, "outbox": "out"}).get()


def test_a_column_that_the_template_names_and_the_list_lacks_is_told(
    tmp_path: Path, play: Play, list_of_40: Any
) -> None:
    (tmp_path / "june.txt").write_text("News\nDear $title\n", encoding="utf-8")

    found = play(newsletter, NOW, **list_of_40)

    assert found.error is not None
    assert (found.error.type, found.error.message) == ("KeyError", "'title'")
    assert not (tmp_path / "out").exists()

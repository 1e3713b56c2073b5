"""Commands with several names: each is done, whatever becomes of the others; and questions beforehand."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import click

from ... import json_text
from ..exit_codes import ExitCode
from ..failure import ClientError

T = TypeVar("T")
Form = dict[str, Any]


class Several:
    """What was done with each name, and with which it could not be done: that decides the exit code."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._forms: dict[str, Form] = {}
        """By the names, as they were given."""
        self._codes: dict[str, int] = {}

    def tried(self, texts: Iterable[str], do: Callable[[str], T]) -> Iterator[tuple[str, T]]:
        """Each name once, with what was given for it; those that were refused are told, and left out."""
        from ..connection import told

        given = list(dict.fromkeys(texts))
        for text in given:
            self._forms.setdefault(text, {"name": text})
        for text in given:
            try:
                with told():
                    found = do(text)
            except ClientError as error:
                self._refuse(text, error)
            else:
                yield text, found

    def tell(self, text: str, line: str, form: Form) -> None:
        """It was done: a line for people, and a form for programs."""
        self._forms[text] |= form
        if not self._as_json:
            click.echo(line)

    def end(self) -> None:
        """Give programs all of it, and end this one with the code of the first that was refused."""
        if self._as_json:
            click.echo(json_text.dump(list(self._forms.values())))
        codes = (self._codes[text] for text in self._forms if text in self._codes)
        sys.exit(next(codes, ExitCode.DONE))

    def _refuse(self, text: str, error: ClientError) -> None:
        code = int(error.exit_code)
        self._codes[text] = code
        self._forms[text] |= {"error": error.message, "exitCode": code}
        error.show()


def require_yes(question: str, *, yes: bool) -> None:
    """Ask on a terminal. Raises `ClientError` for a no; where nobody can be asked, it is a yes."""
    if yes or not sys.stdin.isatty():
        return
    if not click.confirm(question, err=True):
        raise ClientError("nothing was changed")

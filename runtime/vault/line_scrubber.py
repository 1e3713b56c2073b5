"""Scrubs a stream that is written piece by piece: a secret may begin in one and end in the next."""

from .scrubber import Scrubber


class LineScrubber:
    """Lets whole lines pass; of a very long one what can't be part of a secret any more.

    >>> lines = LineScrubber(Scrubber(["correct horse"]))
    >>> lines.feed("it is correct "), lines.feed("horse\\nand"), lines.rest()
    ('', 'it is ***\\n', 'and')
    """

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._begun = ""

    def feed(self, piece: str) -> str:
        """A piece more; what can be written now."""
        whole, line_break, self._begun = (self._begun + piece).rpartition("\n")
        passed = self._scrubber.text(whole) + line_break
        if len(self._begun) > 2 * self._scrubber.longest:
            self._begun = self._scrubber.text(self._begun)
            end = len(self._begun) - self._scrubber.longest + 1
            if end > 0:
                passed, self._begun = passed + self._begun[:end], self._begun[end:]
        return passed

    def rest(self) -> str:
        """What is left when nothing more comes."""
        rest, self._begun = self._begun, ""
        return self._scrubber.text(rest)

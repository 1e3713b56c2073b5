"""Text of others on a terminal, which is to show it and not to obey it. Pure."""


def shown(text: str) -> str:
    """Text that a terminal shows and does not obey.

    >>> shown("a\\x1b[31m")
    'a\\\\x1b[31m'
    """
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)

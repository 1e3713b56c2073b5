"""The parts of a command's help that click does not have."""


def examples(*lines: str) -> str:
    """The end of a command's help: command lines that can be typed so, each as it stands.

    >>> examples("quarterjack schedules", "quarterjack schedules --late")
    '\\x08\\nExamples:\\n  quarterjack schedules\\n  quarterjack schedules --late'
    """
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)

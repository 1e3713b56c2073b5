"""Which commands there are, what each does in a line, and where it lies, to be loaded when it is called."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple


class Row(NamedTuple):
    """A command."""

    name: str
    place: str
    """Module and attribute, such as `next_times:next_command`."""
    help: str
    """For the list of commands; it fits a narrow terminal's line."""


TABLE: Final[Mapping[str, Sequence[Row]]] = {
    "Servers": (
        Row("serve", "serve:serve", "Serve workflows and their schedules."),
        Row("demo", "demo:demo", "Serve the bundled examples, and show what runs."),
    ),
    "What there is": (
        Row("workflows", "show.workflows:workflows", "List workflows, or show one."),
        Row("schedules", "show.schedules:schedules", "List schedules, or show one."),
        Row("executions", "show.executions:executions", "List executions, or show one."),
        Row("logs", "show.logs:logs", "What the steps of an execution wrote."),
        Row("actors", "show.actors:actors", "The supervision tree as it is now."),
    ),
    "Schedules in bulk": (
        Row("apply", "apply:apply", "Make schedules as files say."),
        Row("import-crontab", "import_crontab:import_crontab", "Make schedules of cron's jobs."),
        Row("export", "transfer:export_schedules", "Write all schedules to a file."),
        Row("import", "transfer:import_schedules", "Make the schedules of such a file."),
    ),
    "Administration": (
        Row("token", "tokens:token", "Who may do what: make, list and revoke tokens."),
        Row("secret-key", "secret_key:secret_key", "Make the key for secret parameters."),
    ),
    "Without a server": (
        Row("next", "next_times:next_command", "When a cron expression is due next."),
        Row("completion", "completion:completion", "Let a shell complete commands and names."),
        Row("openapi", "openapi:openapi", "Print the description of the HTTP interface."),
    ),
}
"""By the heading under which the help has them."""

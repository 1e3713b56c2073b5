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
    "What runs": (
        Row("trigger", "steer.trigger:trigger", "Run a schedule now."),
        Row("run", "steer.trigger:run", "Run a workflow once, without a schedule."),
        Row("backfill", "steer.backfill:backfill", "Run what was due and has no execution."),
        Row("retry", "steer.ending:retry", "Run what failed again, from where it ended."),
        Row("wait", "steer.waiting:wait", "Follow an execution to its end."),
        Row("watch", "live.watch:watch", "Show what happens, as it happens."),
        Row("cancel", "steer.ending:cancel", "End executions before their time."),
        Row("pause", "steer.pausing:pause", "Let schedules fire no more."),
        Row("resume", "steer.pausing:resume", "Let schedules fire again."),
        Row("delete", "steer.pausing:delete", "Delete schedules."),
        Row("emit", "steer.emit:emit", "Send an event."),
    ),
    "Schedules in bulk": (
        Row("apply", "apply:apply", "Make schedules as files say."),
        Row("import-crontab", "import_crontab:import_crontab", "Make schedules of cron's jobs."),
        Row("export", "transfer:export_schedules", "Write all schedules to a file."),
        Row("import", "transfer:import_schedules", "Make the schedules of such a file."),
    ),
    "Administration": (
        Row("backup", "maintenance:backup", "Copy the database as it is at one moment."),
        Row("check", "maintenance:check", "Look whether the database is whole."),
        Row("prune", "maintenance:prune", "Forget old history."),
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

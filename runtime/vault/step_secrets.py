"""Gives a step the values of the secrets that it takes, when it starts; other steps never see them.

What is looked up, or decrypted, goes with the task to its runner, and is stored nowhere.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from quarterjack.actors.runner import FoundSecret, StepTask
from quarterjack.actors.secret_params import (
    Found,
    SecretUnavailable,
    Vault,
    is_sealed,
    reference_in,
    secrets_in,
    shown,
)
from quarterjack.actors.workflow_book import WorkflowBook


class StepSecrets:
    """Of the workflows of a book, with its vault."""

    def __init__(self, workflows: WorkflowBook) -> None:
        self._workflows = workflows

    def has(self, task: StepTask) -> bool:
        """Whether there is a secret among the parameters, so that the task is to be `found` first."""
        places = self._workflows.secrets(task.workflow_id)
        return any(True for _ in secrets_in(places, task.params))

    def found(self, task: StepTask) -> StepTask:
        """The task with the secrets that its step takes. Blocks; raises `SecretUnavailable`."""
        places = self._workflows.secrets(task.workflow_id)
        taken = [
            FoundSecret(each.path, _value(each, self._workflows.vault))
            for each in self._taken(task)
        ]
        return replace(task, params=shown(places, dict(task.params)), secrets=tuple(taken))

    def _taken(self, task: StepTask) -> Iterator[Found]:
        step = task.step
        sources = {each.source for each in (*step.parameters, *step.when_parameters)}
        for each in secrets_in(self._workflows.secrets(task.workflow_id), task.params):
            if each.path[0] in sources:
                yield each


NO_SECRETS: Final = StepSecrets(WorkflowBook())
"""For runners of tasks that have none."""


def _value(found: Found, vault: Vault) -> str:
    reference = reference_in(found.value)
    try:
        if reference is not None:
            return vault.looked_up(reference)
        return vault.unsealed(found.value["$secret"]) if is_sealed(found.value) else _text(found)
    except SecretUnavailable as error:
        raise SecretUnavailable(f"the secret {'.'.join(found.path)!r}: {error}") from None


def _text(found: Found) -> str:
    """What was stored before its parameter was secret."""
    value: Any = found.value
    return value if isinstance(value, str) else repr(value)

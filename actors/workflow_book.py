"""The workflows that a runtime knows, by id. Each is checked when it is entered."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from quarterjack.storage import NotFound, WorkflowId

from .locked_vault import LOCKED
from .secret_params import Admitted, Vault, admitted, shown
from .secret_places import SecretPlaces
from .workflow import Workflow, WorkflowDefinitionError


class WorkflowBook(Mapping[WorkflowId, Workflow]):
    """Read-only once made; sub-workflows come with those that run them.

    `hints` says of workflows that are not there how they would be; `vault` keeps their secrets.
    Raises `WorkflowDefinitionError` for a wrong or doubled workflow.
    """

    def __init__(
        self,
        workflows: Iterable[Workflow] = (),
        *,
        hints: Mapping[WorkflowId, str] | None = None,
        vault: Vault = LOCKED,
    ) -> None:
        self.vault = vault
        self._workflows: dict[WorkflowId, Workflow] = {}
        self._hints = dict(hints or {})
        for workflow in workflows:
            if workflow.id in self._workflows:
                raise WorkflowDefinitionError(workflow.id, "two workflows have this name")
            self._enter(workflow)
        for workflow in list(self._workflows.values()):
            for each in workflow.reachable.values():
                self._enter(each)

    def __getitem__(self, key: WorkflowId) -> Workflow:
        return self._workflows[key]

    def __iter__(self) -> Iterator[WorkflowId]:
        return iter(self._workflows)

    def __len__(self) -> int:
        return len(self._workflows)

    def find(self, key: WorkflowId) -> Workflow:
        """The workflow of that id. Raises `NotFound`."""
        found = self._workflows.get(key)
        if found is None:
            raise NotFound("workflow", key, hint=self._hints.get(key))
        return found

    def hint(self, key: WorkflowId) -> str:
        """Why there is no workflow of that id, or which there are instead."""
        return self._hints.get(key) or f"the server has: {', '.join(sorted(self)) or 'none'}"

    def admitted(
        self, workflow: Workflow, given: Mapping[str, Any], stored: Mapping[str, Any] | None = None
    ) -> Admitted:
        """The parameters of a run as they may be stored, and what is wrong with them.

        Secrets are encrypted; `***` stands for what is `stored` by that name.
        """
        params, wrong = admitted(workflow.secrets, given, stored or {}, self.vault)
        return Admitted(params, wrong or workflow.check_params(params))

    def secrets(self, key: WorkflowId) -> SecretPlaces:
        """Which parameters of a workflow are secret, as far as anybody knows."""
        workflow = self._workflows.get(key)
        return SecretPlaces() if workflow is None else workflow.secrets

    def shown(self, key: WorkflowId, params: dict[str, Any]) -> dict[str, Any]:
        """The parameters of that workflow's runs, with `***` for secrets."""
        return shown(self.secrets(key), params)

    def _enter(self, workflow: Workflow) -> None:
        if self._workflows.setdefault(workflow.id, workflow) is not workflow:
            raise WorkflowDefinitionError(workflow.id, "two workflows have this name")
        _ = workflow.graph

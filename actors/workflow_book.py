"""The workflows that a runtime knows, by id. Each is checked when it is entered."""

from collections.abc import Iterable, Iterator, Mapping

from quarterjack.storage import NotFound, WorkflowId

from .workflow import Workflow, WorkflowDefinitionError


class WorkflowBook(Mapping[WorkflowId, Workflow]):
    """Read-only once made; sub-workflows come with those that run them.

    `hints` says of workflows that are not there how they would be. Raises `WorkflowDefinitionError`
    for a wrong or doubled workflow.
    """

    def __init__(
        self,
        workflows: Iterable[Workflow] = (),
        *,
        hints: Mapping[WorkflowId, str] | None = None,
    ) -> None:
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

    def _enter(self, workflow: Workflow) -> None:
        if self._workflows.setdefault(workflow.id, workflow) is not workflow:
            raise WorkflowDefinitionError(workflow.id, "two workflows have this name")
        _ = workflow.graph

"""What acts: the engine (actors in general), the policies (pure decisions), and the cast.

The cast plays the workflows that a user defines: schedules that fire, executions that run, and those
who keep time, order, state and audience for them.
"""

from typing import TYPE_CHECKING

from quarterjack.storage.lazy_names import lazy_names

if TYPE_CHECKING:
    from .workflow import Workflow, WorkflowDefinitionError
    from .workflow_book import WorkflowBook
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            ".workflow": "Workflow WorkflowDefinitionError",
            ".workflow_book": "WorkflowBook",
        },
    )

__all__ = ["Workflow", "WorkflowBook", "WorkflowDefinitionError"]

"""What acts: the engine (actors in general), the policies (pure decisions), and the cast.

The cast plays the workflows that a user defines: schedules that fire, executions that run, and those
who keep time, order, state and audience for them.
"""

from .workflow import Workflow, WorkflowDefinitionError
from .workflow_book import WorkflowBook

__all__ = ["Workflow", "WorkflowBook", "WorkflowDefinitionError"]

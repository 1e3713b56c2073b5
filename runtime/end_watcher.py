"""Waits for the end of an execution: looks whether it has ended, and listens in case it has not."""

from quarterjack.actors.broadcaster import Forget, Listen, Published
from quarterjack.actors.engine import Reply
from quarterjack.storage import Execution, ExecutionId
from quarterjack.storage.queries import execution
from quarterjack.storage.statuses import FINAL

from .assembly import Assembly

_ENDS = frozenset(
    {"workflow.completed", "workflow.failed", "workflow.cancelled", "workflow.timedOut"}
)


class EndWatcher:
    """`reply` comes with the ended execution; a subscriber of the broadcaster until then."""

    def __init__(self, assembly: Assembly, key: ExecutionId) -> None:
        self._assembly = assembly
        self._key = key
        self.reply: Reply[Execution] = assembly.system.dispatcher.new_reply()
        listening = assembly.cast.broadcaster.ask(Listen(self, "end", "execution:*", key))
        listening.add_done_callback(lambda _: self._look())

    def offer(self, published: Published, ids: tuple[str, ...]) -> None:  # noqa: ARG002
        """On the loop: look again when it is told that the execution has ended."""
        if published.event.type in _ENDS:
            self._look()

    def _look(self) -> None:
        self._assembly.read(execution, self._key).add_done_callback(self._looked)

    def _looked(self, found: Reply[Execution]) -> None:
        if self.reply.done():
            return
        try:
            ended = found.get()
        except Exception as error:
            self._finish()
            self.reply.set_exception(error)
            return
        if ended.status in FINAL:
            self._finish()
            self.reply.set(ended)

    def _finish(self) -> None:
        self._assembly.cast.broadcaster.tell(Forget(self))

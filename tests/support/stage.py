"""A stage for actors: puppets that do what they are told, and write down what happens to them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NamedTuple, NoReturn

from quarterjack.actors.engine import (
    Actor,
    ActorInfo,
    ActorSystem,
    ChildSpec,
    LoopDispatcher,
    Ref,
    SeededDispatcher,
    Supervisor,
    SystemClock,
    VirtualClock,
    handles,
)


class Note(NamedTuple):
    """Have the puppet write something into the diary; the answer is the text."""

    text: str


class Do(NamedTuple):
    """Have the puppet call something with itself; what that returns is the answer."""

    action: Callable[[Any], Any]


class Strange(NamedTuple):
    """A message that no puppet has a handler for."""


def crash(error: BaseException) -> Do:
    """Have the puppet raise something."""

    def throw(_: Actor) -> NoReturn:
        raise error

    return Do(throw)


class Puppet(Actor):
    """Writes its life into a diary that it shares with others."""

    def __init__(self, diary: list[str]) -> None:
        super().__init__()
        self.diary = diary

    def on_start(self) -> None:
        self.diary.append(f"start {self.name}")

    def on_stop(self) -> None:
        self.diary.append(f"stop {self.name}")

    def on_failure(self, *_: Any) -> None:
        self.diary.append(f"fail {self.name}")

    @handles(Note)
    def note(self, message: Note) -> str:
        self.diary.append(f"{self.name}: {message.text}")
        return message.text

    @handles(Do)
    def do(self, message: Do) -> Any:
        return message.action(self)


class Stage:
    """A system of actors on virtual time and on the test's own thread; its root is `root`."""

    def __init__(self, seed: int | None = None) -> None:
        self.clock = VirtualClock()
        self.dispatcher = SeededDispatcher(self.clock, seed)
        self.system = ActorSystem(self.clock, self.dispatcher, threads=False)
        self.diary: list[str] = []

    def puppet(self, name: str, **options: Any) -> ChildSpec:
        """What to start a puppet with."""
        return ChildSpec(name, lambda: Puppet(self.diary), **options)

    def start(self, spec: ChildSpec) -> Ref[Any]:
        """Start an actor that has no supervisor."""
        ref = self.system.spawn(spec).ref
        self.run()
        return ref

    def supervise(self, *children: ChildSpec, **options: Any) -> Ref[Any]:
        """Start a supervisor named `root` with these children."""
        return self.start(supervisor("root", children, **options))

    def ref(self, path: str) -> Ref[Any]:
        """The address of an actor that is there."""
        found = self.system.find(path)
        assert found is not None, f"there is no actor at {path}"
        return found

    def tell(self, path: str, *messages: Any) -> None:
        """Send messages to an actor, and let everything happen that follows at once."""
        for message in messages:
            self.ref(path).tell(message)
        self.run()

    def run(self) -> None:
        """Let everything happen that needs no time to pass."""
        self.dispatcher.run_until_idle()

    def advance(self, **span: float) -> None:
        """Let time pass, as `timedelta` has it."""
        self.dispatcher.advance(timedelta(**span))

    def read(self) -> list[str]:
        """What is in the diary since the last look."""
        read = self.diary[:]
        self.diary.clear()
        return read

    def info(self, path: str) -> ActorInfo:
        """What the tree says of an actor."""
        return next(info for info in self.system.tree() if info.path == path)

    def paths(self) -> list[str]:
        """Who is there."""
        return [info.path for info in self.system.tree()]


def supervisor(name: str, children: Sequence[ChildSpec], **options: Any) -> ChildSpec:
    """What to start a supervisor with."""
    return ChildSpec(name, lambda: Supervisor(children, **options), kind="supervisor")


@asynccontextmanager
async def loop_system() -> AsyncIterator[ActorSystem]:
    """A system of actors on the running loop; all of it has stopped when the block is left."""
    loop = asyncio.get_running_loop()
    dispatcher = LoopDispatcher(loop)
    system = ActorSystem(SystemClock(loop), dispatcher)
    stopped = asyncio.Event()
    try:
        yield system
        for info in system.tree():
            root = system.find(info.path) if info.parent is None else None
            if root is not None:
                system.stop(root)
        system.on_stopped(lambda: loop.call_soon_threadsafe(stopped.set))
        async with asyncio.timeout(10):
            await stopped.wait()
    finally:
        dispatcher.close()
        await asyncio.to_thread(system.close_threads)

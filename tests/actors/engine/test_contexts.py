"""Context variables: an actor has none of those of whoever woke it."""

import asyncio
from contextvars import ContextVar

from stage import Do, Puppet, loop_system

from quarterjack.actors.engine import ChildSpec

request: ContextVar[str] = ContextVar("request", default="none")


def test_an_actor_does_not_act_in_the_name_of_who_woke_it() -> None:
    async def main() -> list[str]:
        async with loop_system() as system:
            ref = system.spawn(ChildSpec("one", lambda: Puppet([]))).ref
            token = request.set("somebody's")
            try:
                here = await ref.ask(Do(lambda _: request.get()))
                there = await asyncio.to_thread(
                    lambda: ref.ask(Do(lambda _: request.get())).get(timeout=20)
                )
            finally:
                request.reset(token)
            return [here, there]

    assert asyncio.run(main()) == ["none", "none"]

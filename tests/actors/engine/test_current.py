"""Which thread runs actors."""

import threading

from quarterjack.actors.engine.current import mark_actor_thread, on_actor_thread, running_actors


def test_a_thread_runs_actors_only_within_the_block() -> None:
    before = on_actor_thread()
    with running_actors():
        with running_actors():
            inner = on_actor_thread()
        outer = on_actor_thread()

    assert (before, inner, outer, on_actor_thread()) == (False, True, True, False)


def test_an_error_in_the_block_ends_it_too() -> None:
    try:
        with running_actors():
            raise LookupError
    except LookupError:
        pass

    assert not on_actor_thread()


def test_other_threads_are_not_concerned() -> None:
    seen: list[bool] = []
    with running_actors():
        thread = threading.Thread(target=lambda: seen.append(on_actor_thread()))
        thread.start()
        thread.join()

    assert seen == [False]


def test_a_thread_is_marked_until_it_is_not() -> None:
    mark_actor_thread(active=True)
    marked = on_actor_thread()
    mark_actor_thread(active=False)

    assert (marked, on_actor_thread()) == (True, False)

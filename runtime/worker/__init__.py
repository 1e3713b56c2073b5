"""What runs in a worker process: it calls steps, one at a time, and says what happens.

`serving` is where to begin reading; `frames` and `packed_task` are shared with the server's side,
which is in `quarterjack.runtime.runners`.
"""

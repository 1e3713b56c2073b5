"""Many WebSocket clients in a process of their own; says what they got in a line of JSON.

`python live_crowd.py URL COUNT` listens until all have the second of two events whose numbers it then reads
from its standard input, and vanishes; it says how late those were that came after the first.
`python live_crowd.py URL COUNT AFTER` resumes after that number, with all of them at once, and ends when
each has come to the newest.
"""

import asyncio
import base64
import json
import os
import sys
import time
from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from raw_websocket import PING, PONG, TEXT, frame, text

_TOGETHER = 200


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket, by the shortest way."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /api/ws HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    return reader, writer


async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Any:
    """The JSON of the next frame; None for a ping, which is answered."""
    first, length = await reader.readexactly(2)
    if length > 125:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
    payload = await reader.readexactly(length)
    if first & 0x0F == PING:
        writer.write(frame(PONG))
    return json.loads(payload) if first & 0x0F == TEXT else None


async def subscribe(
    url: str, **more: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
    reader, writer = await connect(url)
    writer.write(text({"op": "subscribe", "id": "a", "topic": "*", **more}))
    answer = await receive(reader, writer)
    assert answer["op"] == "subscribed", answer
    return reader, writer, answer["seq"]


async def listen(url: str, count: int) -> dict[str, Any]:
    """Be many that listen; how often each event came, and how late."""
    seen: Counter[int] = Counter()
    late: list[tuple[int, float]] = []
    come = asyncio.Event()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            event = await receive(reader, writer)
            if event is not None:
                happened = datetime.fromisoformat(event["timestamp"]).timestamp()
                late.append((event["seq"], time.time() - happened))
                seen[event["seq"]] += 1
                come.set()

    tasks, writers = [], []
    for begun in range(0, count, _TOGETHER):
        more = min(count - begun, _TOGETHER)
        some = await asyncio.gather(*(subscribe(url) for _ in range(more)))
        writers += [writer for _, writer, _ in some]
        tasks += [asyncio.create_task(one(reader, writer)) for reader, writer, _ in some]
    print("ready", flush=True)
    since, newest = map(int, (await asyncio.to_thread(sys.stdin.readline)).split())
    while seen[newest] < count:
        await come.wait()
        come.clear()
    for task in tasks:
        task.cancel()
    delays = sorted(delay for seq, delay in late if seq > since)
    return {
        "clients": len(tasks),
        "seen": {str(seq): times for seq, times in seen.items()},
        "median": delays[len(delays) // 2],
        "p99": delays[int(len(delays) * 0.99)],
    }


async def resume(url: str, count: int, after: int) -> dict[str, Any]:
    """Be many that come back at once; how many got each event once, in order."""

    async def one() -> bool:
        reader, writer, newest = await subscribe(url, after=after)
        seqs: list[int] = []
        while not seqs or seqs[-1] < newest:
            event = await receive(reader, writer)
            if event is not None:
                seqs.append(event["seq"])
        writer.close()
        return seqs == list(range(after + 1, seqs[-1] + 1))

    print("ready", flush=True)
    right = await asyncio.gather(*(one() for _ in range(count)))
    return {"clients": count, "right": sum(right)}


if __name__ == "__main__":
    given = sys.argv[1:]
    conversation = (
        listen(given[0], int(given[1]))
        if len(given) == 2
        else resume(given[0], int(given[1]), int(given[2]))
    )
    print(json.dumps(asyncio.run(conversation)), flush=True)
    os._exit(0)

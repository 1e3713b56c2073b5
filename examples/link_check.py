"""Link check: every link of a web site asked for; those that lead nowhere listed with their pages.

For whoever looks after a site. Follows the links from `start` to pages in and below its folder, `limit`
(200) at most, and asks for whatever they point to on the same server; with `external` elsewhere, too.
`output` gets `link-check.json`, and `broken-links.txt` if there are any.

Shows: steps that are `async def` and hold no worker while they wait; one that cleans up when it is
cancelled (`found` writes down what it has seen); items of which so many run at once, and retries for
what may pass (`checked`); a condition and a default (`broken`, `report`); one execution at a time.

    quarterjack serve --app quarterjack.examples.link_check
    curl -s http://127.0.0.1:8321/api/workflows/link-check/run -H 'content-type: application/json' \
        -d '{"params": {"start": "http://127.0.0.1:8000/", "output": "reports"}}'
    curl -s -X POST http://127.0.0.1:8321/api/executions/exe_…/cancel
"""

import asyncio
from collections import deque
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import aiohttp

from quarterjack.runtime import Retry, StepContext, Workflow

from .report_file import write_json, write_text

ATTEMPTS = 3
_BUSY = (429, 502, 503, 504)
_PATIENCE = aiohttp.ClientTimeout(total=20)

link_check = Workflow(
    "link-check",
    description="Every link of a web site asked for; those that lead nowhere listed.",
    max_concurrency=1,  # so that no server is asked by several at once
)


class Busy(Exception):
    """The server wants to be asked again later."""


@link_check.step(timeout="15m")
async def found(
    start: str, output: str, ctx: StepContext, limit: int = 200, external: bool = False
) -> list[dict[str, Any]]:
    """Every link, with the pages that it stands on."""
    links: dict[str, list[str]] = {start: []}
    top = urljoin(start, ".")
    read, waiting = list[str](), deque([start])
    try:
        async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
            while waiting and len(read) < limit:
                page = waiting.popleft()
                for link in await links_of(session, page):
                    if link not in links and link.startswith(top):
                        waiting.append(link)
                    if external or urlsplit(link).netloc == urlsplit(start).netloc:
                        links.setdefault(link, []).append(page)
                read.append(page)
                ctx.progress(len(read), len(read) + len(waiting), page)
    except asyncio.CancelledError:
        text = "\n".join([f"Cancelled after {len(read)} pages.", *read]) + "\n"
        await asyncio.to_thread(write_text, Path(output, "link-check-cancelled.txt"), text)
        raise
    return [{"url": url, "pages": links[url]} for url in sorted(links)]


@link_check.step(
    map={"link": "found"},
    concurrency=8,
    timeout="30s",
    retry=Retry(
        attempts=ATTEMPTS,
        backoff="500ms",
        jitter=0.5,
        retry_on=(Busy, aiohttp.ClientError, TimeoutError),
        no_retry_on=(aiohttp.InvalidURL,),
    ),
)
async def checked(link: dict[str, Any], ctx: StepContext) -> dict[str, Any]:
    """Ask for a link. That it is broken is a result, and no failure of the step."""
    try:
        async with (
            aiohttp.ClientSession(timeout=_PATIENCE) as session,
            session.get(link["url"]) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        if ctx.attempt < ATTEMPTS and not isinstance(error, aiohttp.InvalidURL):
            raise
        return {**link, "status": None, "problem": f"{type(error).__name__}: {error}"}
    if status in _BUSY and ctx.attempt < ATTEMPTS:
        raise Busy(f"{link['url']} answers {status}")
    return {**link, "status": status, "problem": f"status {status}" if status >= 400 else ""}


def some_are_broken(checked: list[dict[str, Any]]) -> bool:
    """Whether there is anything to mend."""
    return any(link["problem"] for link in checked)


@link_check.step(when=some_are_broken)
def broken(checked: list[dict[str, Any]], output: str) -> list[str]:
    """List what is to be mended."""
    lines, bad = list[str](), [link for link in checked if link["problem"]]
    for link in bad:
        lines.append(f"{link['url']}: {link['problem']}")
        lines.extend(f"    on {page}" for page in link["pages"])
    write_text(Path(output, "broken-links.txt"), "\n".join(lines) + "\n")
    return [link["url"] for link in bad]


@link_check.step
def report(
    checked: list[dict[str, Any]],
    start: str,
    output: str,
    ctx: StepContext,
    broken: list[str] | None = None,
) -> dict[str, Any]:
    """Write the report; what it says in short. Without broken links, no list of an earlier run stays."""
    if broken is None:
        Path(output, "broken-links.txt").unlink(missing_ok=True)
    summary = {
        "start": start,
        "at": ctx.scheduled_time.isoformat(),
        "links": len(checked),
        "broken": broken or [],
    }
    write_json(Path(output, "link-check.json"), {**summary, "items": checked})
    return summary


async def links_of(session: aiohttp.ClientSession, page: str) -> list[str]:
    """The addresses that a page points to, in order; of what is no page, or does not answer, none."""
    try:
        async with session.get(page) as answer:
            if answer.status != 200 or answer.content_type != "text/html":
                return []
            parser = LinkParser()
            parser.feed(await answer.text(errors="replace"))
    except (aiohttp.ClientError, TimeoutError):
        return []
    links = (urldefrag(urljoin(str(answer.url), link)).url for link in parser.links)
    return list(dict.fromkeys(link for link in links if urlsplit(link).scheme in ("http", "https")))


class LinkParser(HTMLParser):
    """Collects what a page points to, and what it is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"a": "href", "link": "href", "img": "src", "script": "src"}.get(tag)
        self.links.extend(value.strip() for name, value in attrs if name == wanted and value)

"""The options of `serve` about its outside: names, proxies, TLS, connections."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..settings import HttpSettings
from .options import option

_FILE = click.Path(dir_okay=False, path_type=Path)


def front_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command is given a `front`, which makes the settings of these options."""

    @option(
        "--host", default="127.0.0.1", help="The address to listen on; beyond loopback with tokens."
    )
    @option("--tls-cert", type=_FILE, help="PEM file of the certificate and its chain: HTTPS.")
    @option("--tls-key", type=_FILE, help="PEM file of the certificate's key.")
    @option("--path-prefix", default="", metavar="PATH", help="Where a proxy shows the server.")
    @option(
        "--trusted-proxy",
        multiple=True,
        metavar="CIDR",
        help="Whose X-Forwarded-* or Forwarded headers are believed. Repeatable.",
    )
    @option(
        "--allow-host",
        multiple=True,
        metavar="NAME",
        help="A name that the server is called by, such as cron.example.org. Repeatable.",
    )
    @option(
        "--allow-origin",
        multiple=True,
        metavar="ORIGIN",
        help="Whose pages may call, such as https://tools.example.org. Repeatable.",
    )
    @option("--connections", default=12_000, type=click.IntRange(1), help="At once.")
    @option(
        "--connections-per-address", default=1_000, type=click.IntRange(1), help="Of one address."
    )
    @functools.wraps(command)
    def with_front(
        *,
        host: str,
        tls_cert: Path | None,
        tls_key: Path | None,
        path_prefix: str,
        trusted_proxy: tuple[str, ...],
        allow_host: tuple[str, ...],
        allow_origin: tuple[str, ...],
        connections: int,
        connections_per_address: int,
        **rest: Any,
    ) -> Any:
        front = functools.partial(
            HttpSettings.of,
            host=host,
            tls_cert=tls_cert,
            tls_key=tls_key,
            path_prefix=path_prefix,
            trusted_proxies=trusted_proxy,
            allow_hosts=allow_host,
            allow_origins=allow_origin,
            connections=connections,
            connections_per_address=connections_per_address,
        )
        return command(front=front, **rest)

    return with_front

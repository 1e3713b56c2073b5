"""`quarterjack …` in the test's own process: what it prints, and with what it ends."""

from click.testing import CliRunner, Result

from quarterjack.http.cli.main import main


class CommandLine:
    """A client of the server at `url`; call it with the arguments."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, *arguments: object, stdin: bytes | None = None) -> Result:
        env = {"QUARTERJACK_URL": self.url, "QUARTERJACK_TOKEN": None}
        return CliRunner().invoke(main, [*map(str, arguments)], input=stdin, env=env)

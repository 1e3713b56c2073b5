"""`http` stays the standard library's, also when the repository root is on `sys.path`."""

import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

import pytest


def python(folder: Path, *arguments: str) -> str:
    """What Python prints when it is started in a folder."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "module", ["http", "http.client", "http.cookies", "http.cookiejar", "http.server"]
)
def test_http_is_the_standard_one_from_the_root(root: Path, module: str) -> None:
    found = python(root, "-c", f"import {module} as found; print(found.__file__)")
    assert Path(found).is_relative_to(sysconfig.get_path("stdlib"))


def test_the_root_is_first_on_the_path_there(root: Path) -> None:
    first = python(root, "-c", "import os, sys; print(os.path.abspath(sys.path[0]))")
    assert Path(first.strip()) == root


def test_nothing_tells_that_another_was_found_first(root: Path, tmp_path: Path) -> None:
    script = """
        import http, sys
        from http import HTTPStatus
        spec = http.__spec__
        print([http.__name__, http.__path__, http.__file__, spec.name, spec.origin, spec.has_location])
        print(sorted(name for name in vars(http)))
        print(sys.modules["http"] is http, HTTPStatus.OK.phrase, http.__all__)
    """
    code = textwrap.dedent(script)
    assert python(root, "-c", code) == python(tmp_path, "-c", code)


def test_the_standard_file_server_starts_from_the_root(root: Path) -> None:
    assert "usage" in python(root, "-m", "http.server", "--help")


def test_both_http_packages_live_in_one_process(root: Path) -> None:
    script = "import http.client, quarterjack.http, http; print(http is not quarterjack.http)"
    assert python(root, "-c", script).strip() == "True"


def test_a_module_that_is_run_from_the_root_finds_both(root: Path) -> None:
    assert "serve" in python(root, "-m", "quarterjack.http", "--help")


def test_pytest_from_the_root_finds_both(root: Path, tmp_path: Path) -> None:
    test = tmp_path / "test_both.py"
    test.write_text(
        "import http.client\nfrom quarterjack.http import Client\n"
        "def test_it():\n    assert http.client.HTTPConnection and Client\n"
    )
    options = [
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        f"--rootdir={root}",
        f"-c{root}/pyproject.toml",
    ]
    assert "1 passed" in python(root, "-m", "pytest", *options, str(test))


def test_spawned_processes_find_both(root: Path, tmp_path: Path) -> None:
    script = tmp_path / "spawning.py"
    script.write_text(
        textwrap.dedent(f"""
            import multiprocessing, sys
            sys.path.insert(0, {str(root)!r})

            def found():
                import http.cookiejar
                from quarterjack.http import Client
                return http.__file__, Client.__name__

            if __name__ == "__main__":
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(*pool.apply(found))
        """)
    )
    file, name = python(root, str(script)).split()
    assert Path(file).is_relative_to(sysconfig.get_path("stdlib"))
    assert name == "Client"


@pytest.mark.parametrize("times", [1, 3])
def test_the_root_may_stand_on_the_path_more_than_once(root: Path, times: int) -> None:
    script = f"import sys; sys.path[:0] = [{str(root)!r}, ''] * {times}; import http; print(http.__file__)"
    assert Path(python(root, "-c", script)).is_relative_to(sysconfig.get_path("stdlib"))


def test_two_copies_on_the_path_both_give_way(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "http"
    copy.mkdir()
    (copy / "__init__.py").write_text((root / "http" / "__init__.py").read_text())

    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import http; print(http.__file__)"

    assert Path(python(root, "-c", script)).is_relative_to(sysconfig.get_path("stdlib"))


def test_without_a_standard_package_it_is_said(root: Path) -> None:
    script = """
        import sys
        sys.path[:] = [sys.path[0]]
        try:
            import http
        except ModuleNotFoundError as error:
            print(error.name, "http" in sys.modules)
    """
    assert python(
        root, "-c", f"import importlib.util, pathlib, typing\n{textwrap.dedent(script)}"
    ).split() == [
        "http",
        "False",
    ]


def test_threads_that_import_it_at_once_all_get_it(root: Path) -> None:
    script = """
        import sys, threading
        import importlib.util, pathlib
        sys.setswitchinterval(1e-6)
        start, found = threading.Barrier(8), []

        def look():
            start.wait()
            from http import HTTPStatus
            import http
            found.append(http.HTTPStatus is HTTPStatus and http.__file__)

        threads = [threading.Thread(target=look) for _ in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len(found), len(set(found)), sys.modules["http"].__file__ in found)
    """
    for _ in range(3):
        assert python(root, "-c", textwrap.dedent(script)).split() == ["8", "1", "True"]


def test_a_server_loads_no_client(root: Path) -> None:
    script = "import sys, quarterjack.http.server; print('quarterjack.http.client' in sys.modules)"
    assert python(root, "-c", script).strip() == "False"


def test_what_the_package_exports_is_there(root: Path) -> None:
    import quarterjack.http as ours

    assert [name for name in ours.__all__ if not hasattr(ours, name)] == []
    assert set(ours.__all__) <= set(dir(ours))
    with pytest.raises(AttributeError, match="nothing"):
        _ = ours.nothing

"""The examples in docstrings say what happens.

Modules are imported by their real names: pytest's own collection of docstrings would import the
`http` folder under the name of the standard library's package.
"""

import doctest
from importlib import import_module

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def test_the_examples_in_docstrings_hold(module_names: list[str]) -> None:
    results = {
        name: doctest.testmod(import_module(name), optionflags=FLAGS) for name in module_names
    }
    assert [name for name, result in results.items() if result.failed] == []

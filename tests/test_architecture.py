"""Architecture: the public names, what importing costs, and the shape of the code."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import customerbase

_PACKAGE = Path(customerbase.__file__).parent
_MODULES = sorted(_PACKAGE.rglob("*.py"))
_HEAVY = ("duckdb", "ibis", "numpy", "pandas", "pyarrow", "scipy", "sklearn")
_DRAWERS = {"base", "common", "core", "helpers", "misc", "shared", "util", "utils"}
_MAX_LINES_OF_FILE = 400
_MAX_LINES_OF_FUNCTION = 60


def _each(modules: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", modules, ids=lambda path: path.relative_to(_PACKAGE).as_posix())


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _n_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring."""
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)
    return _span(function) - (_span(first) if has_docstring else 0)


def _span(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _exported(tree: ast.Module) -> list[str] | None:
    """Give the literal `__all__` of a module, or None where there is none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", None) for target in node.targets] == ["__all__"]:
            names: list[str] = ast.literal_eval(node.value)
            return names
    return None


def _sort_key(name: str) -> tuple[int, str]:
    """Order as the linter does: constants, then classes, then the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_public_names_are_sorted_and_resolve() -> None:
    """Every name of `customerbase.__all__` can be had, and they stand in order."""
    assert customerbase.__all__ == sorted(set(customerbase.__all__))
    for name in customerbase.__all__:
        assert getattr(customerbase, name) is not None


def test_public_names_are_known_to_type_checkers() -> None:
    """What a type checker reads, what is loaded on first use and `__all__` are the same names from the same modules."""
    block = next(node for node in _tree(Path(customerbase.__file__)).body if isinstance(node, ast.If))
    imported = {
        alias.asname: (node.module or "").removeprefix("customerbase.")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == customerbase._HOMES
    assert set(imported) == set(customerbase.__all__)


def test_an_unknown_name_is_refused() -> None:
    """A name that does not exist raises AttributeError, as with any module."""
    with pytest.raises(AttributeError, match="no attribute 'segmentate'"):
        _ = customerbase.segmentate


@pytest.mark.parametrize(
    "statement",
    ["import customerbase", "from customerbase.cli import main; main()"],
    ids=["import", "help"],
)
def test_importing_and_help_load_nothing_heavy(statement: str) -> None:
    """`import customerbase` and `customerbase --help` leave the data libraries alone, so that they answer at once."""
    report = f"import sys, atexit; atexit.register(lambda: print(*sorted(set({_HEAVY}) & set(sys.modules))))"
    done = subprocess.run(
        [sys.executable, "-c", f"{report}; sys.argv = ['customerbase', '--help']; {statement}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == ""


@_each([path for path in _MODULES if path != _PACKAGE / "__init__.py" and len(_tree(path).body) > 1])
def test_every_module_says_what_it_offers(path: Path) -> None:
    """Every module with more than a docstring has a sorted `__all__`; that of the package has tests of its own."""
    names = _exported(_tree(path))
    assert names is not None
    assert names == sorted(set(names), key=_sort_key)


@_each(_MODULES)
def test_files_and_functions_are_short(path: Path) -> None:
    """No file has more than 400 lines, and no function more than 60 without its docstring."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= _MAX_LINES_OF_FILE
    long = {function.name: _n_lines(function) for function in _functions(_tree(path))}
    assert {name: n for name, n in long.items() if n > _MAX_LINES_OF_FUNCTION} == {}


def test_nothing_is_a_drawer() -> None:
    """No module and no folder has a name under which anything could go."""
    names = {part.removesuffix(".py") for path in _MODULES for part in path.relative_to(_PACKAGE).parts}
    assert names & _DRAWERS == set()


@_each([path for path in _MODULES if path.name != "session.py"])
def test_only_the_front_end_reads_the_clock(path: Path) -> None:
    """No module but session asks what day it is: the date of a result is an option of its own."""
    called = {
        node.func.attr
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert called & {"now", "today", "utcnow"} == set()


@_each([path for path in _MODULES if path != _PACKAGE / "__init__.py"])
def test_every_public_function_and_class_has_a_docstring(path: Path) -> None:
    """What a module offers says what it does."""
    tree = _tree(path)
    offered = set(_exported(tree) or ())
    bare = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in offered and not ast.get_docstring(node)
    ]
    assert bare == []

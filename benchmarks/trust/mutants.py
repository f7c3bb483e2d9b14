"""Mutation testing: does a test fail if one operator, number, name or condition is another?

python benchmarks/trust/mutants.py typoattack/metrics/*.py --tests tests/metrics --sample 200

Each mutant is one small change of the syntax tree. A child process that has the third-party
libraries loaded already imports the changed module in place of the real one and runs, quickest
first, the tests that entered the changed function; the first failure kills the mutant. Text for
people (any string with a space in it), annotations, `dataclass(...)` and the assertions of zip and
merge (`strict=`, `validate=`) are left as they are. A mutant that survives is either something that
no test asks for, or equivalent: no input tells it from the original.
"""

import argparse
import ast
import contextlib
import copy
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "fsum": "max", "mean": "max"}
ASSERTIONS = ("strict", "validate")
"""Keywords that only raise where what was promised does not hold."""

LEAST_TIME = 10.0
"""Seconds that a mutant has at least before it counts as hanging."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module.

    Attributes:
        path: the module's file.
        line: where the change is.
        change: what was there and what is there now.
        function: first and last line of the function around it; the whole module outside of any.
        tree: the changed module.
    """

    path: Path
    line: int
    change: str
    function: tuple[int, int] | None
    tree: ast.Module = field(repr=False)


@dataclass(frozen=True, slots=True)
class Test:
    """A test of the run that changes nothing.

    Attributes:
        id: how pytest calls it.
        seconds: how long it takes.
        lines: which lines of which file it enters.
    """

    id: str
    seconds: float
    lines: dict[str, set[int]] = field(repr=False)


def mutants(path: Path) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(path.read_text("utf-8"))
    for index, (node, function) in enumerate(_places(tree)):
        for number, (_, old) in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            place = next(n for i, (n, _) in enumerate(_places(changed)) if i == index)
            apply = _changes(place)[number][0]
            apply()
            new = ast.unparse(place)
            span = (function.lineno, function.end_lineno or function.lineno) if function else None
            told = f"{old}  →  {new}"
            yield Mutant(
                path, getattr(node, "lineno", 0), told, span, ast.fix_missing_locations(changed)
            )


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _places(tree: ast.Module) -> list[tuple[ast.AST, _Function | None]]:
    """The nodes that may change, each with the function that it stands in."""
    found: list[tuple[ast.AST, _Function | None]] = []

    def walk(node: ast.AST, function: _Function | None) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr) or _says_nothing(node):
            return
        if isinstance(node, ast.expr | ast.stmt | ast.keyword):
            found.append((node, function))
        inner = node if isinstance(node, _Function) else function
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if not isinstance(child, ast.AST):
                    continue
                # What a decorator is told belongs to the module: it runs when that is imported.
                walk(child, function if name in ("decorator_list", "args") else inner)

    walk(tree, None)
    return found


def _says_nothing(node: ast.AST) -> bool:
    """Docstrings, `TYPE_CHECKING` blocks, `dataclass(...)`, and assertions of zip and merge."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
        return node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("dataclass", "TypeVar", "cast")
    return isinstance(node, ast.keyword) and node.arg in ASSERTIONS


def _changes(node: ast.AST) -> list[tuple[Callable[[], None], str]]:
    """What can be done to a node: each a function that does it, with the text before."""
    made: list[Callable[[], None]] = []
    if isinstance(node, ast.Compare):
        made += [_swap(node.ops, i) for i, op in enumerate(node.ops) if type(op) in SWAPS]
    elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in SWAPS:
        made.append(_set(node, "op", SWAPS[type(node.op)]()))
    elif isinstance(node, ast.Constant):
        made += [_set(node, "value", value) for value in _other_constants(node.value)]
    elif isinstance(node, ast.If | ast.IfExp | ast.While) and not isinstance(
        node.test, ast.Compare | ast.BoolOp | ast.Constant
    ):
        made.append(_set(node, "test", ast.UnaryOp(ast.Not(), node.test)))
    elif isinstance(node, ast.Return) and node.value is not None:
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            made.append(_set(node, "value", ast.Constant(None)))
    elif isinstance(node, ast.Call):
        func = node.func
        if isinstance(func, ast.Name) and func.id in CALLS:
            made.append(_set(func, "id", CALLS[func.id]))
        elif isinstance(func, ast.Attribute) and func.attr in CALLS:
            made.append(_set(func, "attr", CALLS[func.attr]))
    elif isinstance(node, ast.keyword) and isinstance(node.value, ast.UnaryOp):
        made.append(_set(node, "value", node.value.operand))
    if isinstance(node, ast.Return | ast.Assign | ast.Expr) and isinstance(
        getattr(node, "value", None), ast.UnaryOp
    ):
        made.append(_set(node, "value", node.value.operand))  # type: ignore[union-attr]
    return [(change, ast.unparse(node)) for change in made]


def _swap(ops: list[ast.cmpop], index: int) -> Callable[[], None]:
    def change() -> None:
        ops[index] = SWAPS[type(ops[index])]()  # type: ignore[call-overload]

    return change


def _set(node: ast.AST, name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(node, name, value)


def _other_constants(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1]
    if isinstance(value, str) and value and " " not in value:
        return [f"{value}X"]
    return []


class _Changed(importlib.abc.MetaPathFinder):
    """Imports a mutant in place of its module."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = _module_name(mutant.path)

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        mutant = self._mutant

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, name: str) -> Any:  # noqa: ARG002
                return compile(mutant.tree, str(mutant.path), "exec")

        loader = Loader(fullname, str(mutant.path))
        return importlib.util.spec_from_file_location(fullname, mutant.path, loader=loader)


def _module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def unchanged(paths: Sequence[Path], tests: Sequence[str]) -> tuple[list[Test], list[str]]:
    """Run the tests once as they are.

    Returns:
        The tests with their times and lines, the quickest first; and the libraries they load.

    Raises:
        SystemExit: if one fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept.json"
        status = _in_child(lambda: _record(paths, tests, kept), limit=3600)
        if status != 0 or not kept.is_file():
            sys.exit(f"the tests fail without any change (status {status})")
        found = json.loads(kept.read_text())
    made = [
        Test(name, seconds, {file: set(lines) for file, lines in found["lines"][name].items()})
        for name, seconds in found["seconds"].items()
    ]
    return sorted(made, key=lambda test: test.seconds), found["modules"]


def _record(paths: Sequence[Path], tests: Sequence[str], kept: Path) -> int:
    import coverage
    import pytest

    whole = {str(path.resolve()): str(path) for path in paths}
    measured = coverage.Coverage(data_file=None, include=list(whole), config_file=False)

    class Recorder:
        def __init__(self) -> None:
            self.seconds: dict[str, float] = {}

        def pytest_runtest_setup(self, item: pytest.Item) -> None:
            measured.switch_context(item.nodeid)

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration

    recorder = Recorder()
    measured.start()
    status = int(pytest.main([*_QUIET, *tests], plugins=[recorder]))
    measured.stop()
    lines: dict[str, dict[str, list[int]]] = {name: {} for name in recorder.seconds}
    data = measured.get_data()
    for file, short in whole.items():
        for line, contexts in data.contexts_by_lineno(file).items():
            for context in contexts:
                if context in lines:
                    lines[context].setdefault(short, []).append(line)
    own = ("typoattack", "tests", "made_", "conftest", "__")
    modules = [name for name in list(sys.modules) if not name.startswith(own)]
    kept.write_text(json.dumps({"seconds": recorder.seconds, "lines": lines, "modules": modules}))
    return status


_QUIET = ("-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:randomly")


def _in_child(work: Callable[[], int], limit: float) -> int | None:
    """The status that `work` gives in a child process; None if it took longer than `limit`."""
    child = os.fork()
    if child == 0:
        status = 70
        with contextlib.suppress(BaseException):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            os.setpgid(0, 0)
            status = work()
        os._exit(status)
    until = time.monotonic() + limit
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def survives(mutant: Mutant, tests: Sequence[Test]) -> bool:
    """Whether every test that enters the changed function passes all the same."""
    chosen = [test for test in tests if _enters(test, mutant)]
    if not chosen:
        return True

    def work() -> int:
        import pytest

        sys.meta_path.insert(0, _Changed(mutant))
        return int(pytest.main([*_QUIET, *(test.id for test in chosen)]))

    limit = LEAST_TIME + 5 * sum(test.seconds for test in chosen)
    return _in_child(work, limit) == 0


def _enters(test: Test, mutant: Mutant) -> bool:
    lines = test.lines.get(str(mutant.path), set())
    if mutant.function is None:
        return bool(lines) or str(mutant.path) in test.lines
    first, last = mutant.function
    return any(first < line <= last or line == first == last for line in lines)


def report(done: Sequence[tuple[Mutant, bool]], total: int) -> str:
    """A Markdown table of the share killed a module, and the survivors beneath it."""
    lines = ["| Module | Mutants tried | Killed | Share |", "|---|---:|---:|---:|"]
    paths = list(dict.fromkeys(mutant.path for mutant, _ in done))
    for path in [*paths, None]:
        mine = [alive for mutant, alive in done if path in (mutant.path, None)]
        killed = len(mine) - sum(mine)
        name = f"`{path}`" if path else f"all ({total} mutants in all)"
        lines.append(f"| {name} | {len(mine)} | {killed} | {100 * killed / len(mine):.1f} % |")
    lines += ["", "Survivors:", ""]
    lines += [
        f"- `{mutant.path}:{mutant.line}`: `{' '.join(mutant.change.split())[:200]}`"
        for mutant, alive in done
        if alive
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Try a sample of the mutants of some modules, and say which survive."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="+", type=Path, help="files, from the project's top")
    parser.add_argument("--tests", nargs="+", required=True, help="what pytest is asked to run")
    parser.add_argument("--sample", type=int, help="how many mutants; all if not given")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slowest", type=float, default=600, help="leave out slower tests (s)")
    parser.add_argument("--minutes", type=float, default=600, help="stop after so long")
    parser.add_argument("--out", type=Path, help="a Markdown file for the table")
    given = parser.parse_args()
    sys.path[:0] = [os.curdir]
    tests, libraries = unchanged(given.modules, given.tests)
    tests = [test for test in tests if test.seconds <= given.slowest]
    every = [mutant for path in given.modules for mutant in mutants(path)]
    chosen = list(every)
    random.Random(given.seed).shuffle(chosen)
    chosen = chosen[: given.sample]
    for name in libraries:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    until = time.monotonic() + 60 * given.minutes
    done = []
    for mutant in chosen:
        if time.monotonic() > until:
            break
        done.append((mutant, survives(mutant, tests)))
        alive = sum(survived for _, survived in done)
        print(f"\r{len(done)}/{len(chosen)}, {alive} alive", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    done.sort(key=lambda one: (str(one[0].path), one[0].line))
    text = report(done, len(every))
    print(text)
    if given.out:
        given.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()

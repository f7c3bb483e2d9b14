"""What the site has from elsewhere, so that nothing is written twice and nothing goes stale.

Pictures and a page of `results/pictures`, `results/protocols.md`, the README of the model `mini`,
the reference of the commands (made from the commands themselves), and, where a page says
`<!-- list: KIND -->`, the table that `typoattack list KIND` or `typoattack published` prints.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from typoattack.cli.commands import COMMANDS, load_command
from typoattack.cli.listing import LISTINGS
from typoattack.metrics.published import read_published

ROOT = Path(__file__).parents[1]
_MARK = re.compile(r"^.*<!-- list: (\w+) -->$", re.MULTILINE)
"""A line that says, where the page is read as it is, where the table is to be had."""

_ELSEWHERE = {
    "results/pictures/": "pictures/",
    "results/protocols.md": "protocols.md",
    "typoattack/models/mini/README.md": "mini.md",
}
"""Links of the pages to files of the repository, and where the site has them."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pictures and the pages that are made."""
    for picture in sorted((ROOT / "results" / "pictures").glob("*.jpg")):
        path = f"pictures/{picture.name}"
        files.append(File.generated(config, path, abs_src_path=str(picture)))
    for name in ("realism", "realism_448", "on_object"):
        measured = (ROOT / "results" / "pictures" / f"{name}.md").read_text("utf-8")
        files.append(File.generated(config, f"pictures/{name}.md", content=measured))
    mini = (ROOT / "typoattack" / "models" / "mini" / "README.md").read_text("utf-8")
    files.append(File.generated(config, "mini.md", content=mini))
    protocols = (ROOT / "results" / "protocols.md").read_text("utf-8")
    files.append(File.generated(config, "protocols.md", content=protocols))
    files.append(File.generated(config, "reference/cli.md", content=command_reference()))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the tables where the page asks for them, and links to where the site has the files."""
    top = "../" * page.file.src_uri.count("/")
    for file, there in _ELSEWHERE.items():
        markdown = re.sub(rf"\]\((?:\.\./)+{re.escape(file)}", f"]({top}{there}", markdown)
    return _MARK.sub(lambda match: table(match[1]), markdown)


def table(kind: str) -> str:
    """What `typoattack list KIND` prints, or `typoattack published`, as a Markdown table."""
    if kind == "published":
        columns = ("model", "data", "set", "protocol", "clean %", "figure", "attacked %", "source")
        rows: Iterable[Sequence[str]] = (
            (
                *(row.model, row.training_data, row.dataset, row.protocol),
                *(f"{row.clean_percent:.2f}", row.figure, f"{row.attacked_percent:.2f}"),
                row.source,
            )
            for row in read_published()
        )
        return "\n".join(_table(columns, rows))
    listing = LISTINGS[kind]
    rows = ((f"`{first}`", *map(_cell, rest)) for first, *rest in listing.rows())
    return "\n".join(_table(listing.columns, rows))


def command_reference() -> str:
    """A page of every command with its arguments, options and example."""
    lines = ["# Commands", "", "`typoattack COMMAND --help` says the same.", ""]
    for name in COMMANDS:
        lines += _command(f"typoattack {name}", load_command(name))
    return "\n".join(lines)


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## {name}"
    yield from ("", str(command.help), "")
    for sub_name, sub in getattr(command, "commands", {}).items():
        yield from (line.replace("## ", "### ", 1) for line in _command(f"{name} {sub_name}", sub))
    if hasattr(command, "commands"):
        return
    examples = re.findall(r"`(.+?)`", command.epilog or "")
    if examples:
        yield from ("```sh", *examples, "```", "")
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    rows = [(f"`{p.name.upper()}`", _cell(p.help or ""), "") for p in arguments]
    rows += [(_names(p), _cell(p.help or ""), _default(p)) for p in options]
    yield from _table(("", "", "default"), rows)
    yield ""


def _names(option: Any) -> str:
    return ", ".join(f"`{each}`" for each in option.opts)


def _default(option: Any) -> str:
    if option.required:
        return "must be given"
    plain = option.default is None or isinstance(option.default, bool) or option.default == ()
    return "" if plain or callable(option.default) else f"`{option.default}`"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cell(text: str) -> str:
    """Text as Markdown shows it in a table: a pipe ends no cell, and a bracket is no label."""
    code = re.split(r"(`[^`]*`)", text)
    shown = [part if i % 2 else re.sub(r"([*_<\[])", r"\\\1", part) for i, part in enumerate(code)]
    return "".join(shown).replace("|", "\\|").replace("\n", " ")

"""Every command and program of README, docs and `--help` runs as it is written.

Each is a process of its own, once with pipes and once on a pseudo-terminal; those of a page run in
the order of the page, in a folder that holds what a reader is said to have: photographs, a model.
Work is made small (`SMALLER`), since what is looked at here is that the words are right.
"""

import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_server import Servers
from tests.conftest import noise, once
from tests.models.test_transformers_backend import save as save_transformers
from typoattack.cli.commands import COMMANDS, load_command
from typoattack.cli.listing import LISTINGS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

NOT_HERE = {
    "pip install": "needs a package registry",
    "make ": "what CI itself runs",
    "typoattack run quick --model ViT-B-32/openai": "downloads a checkpoint",
    "typoattack doctor --model ViT-B-32/openai": "downloads a checkpoint",
    "typoattack run quick --model hf-hub:ORG/NAME": "downloads a checkpoint",
    "typoattack run quick --dataset hf:ORG/NAME:test": "downloads a data set",
    "typoattack run retrieval --dataset hf:nlphuji/flickr30k": "downloads a data set",
    "typoattack audit hf:ORG/PAIRS": "downloads a data set",
    "typoattack dense quick --model ViT-B-16/openai": "downloads a checkpoint",
    "typoattack run scam --dataset scam:BLISS-e-V/SCAM": "downloads a data set",
    "typoattack run goh2021 --dataset goh:in-the-wild-2": "needs a published data set",
    "typoattack run photographed --dataset rta:RTA100": "needs a published data set",
    "typoattack run photographed --dataset paint:PAINT": "needs a published data set",
    "typoattack run photographed --dataset materzynska:notes": "needs a published data set",
    "typoattack run quick --dataset folder:s3": "needs a bucket; tests/stores.py has one",
    "typoattack run quick --dataset folder:gs": "needs a bucket; tests/stores.py has one",
    "typoattack run quick --dataset folder:hf": "needs the Hub; tests/hub/test_stores.py has one",
    "typoattack run quick --dataset 'parquet:gs": "needs a bucket",
    "typoattack run photographed --dataset rta:s3": "needs a bucket",
    "typoattack run photographed --dataset csv:s3": "needs a bucket",
    "typoattack run quick --engine ray": "starts a cluster; tests/runner/test_ray.py has one",
    "typoattack chat ": "needs an endpoint; tests/chat has one",
}
"""Why command lines that begin so are not run. Nothing else is left out."""

SMALLER = {
    "run quick --model mini": ["--limit", "9", "--recipe", "printed-label"],  # compared, so paired
    "run quick --recipe faint --legibility": ["--limit", "2"],
    "run quick --recipe": ["--limit", "9"],
    "run retrieval": ["--limit", "4", "--recipe", "printed-label"],
    "run planned": ["--recipe", "planned(budget=4)"],
    "run cao2023": ["--templates", "simple"],
    "run quick": ["--recipe", "printed-label"],
    "run literature": ["--recipe", "materzynska2022", "--reads", "4"],
    "run": ["--limit", "1"],
    "audit bundled": ["--limit", "2"],
    "generate": ["--limit", "4"],
    "units mini --dataset": ["--show-words", "4", "--permutations", "99", "--parts", "text"],
    "units mini --layer pairs": ["--limit", "2", "--show-words", "24", "--flips", "1"],
    "defence fit": ["--limit", "4", "--replicates", "2"],
    "transfer words": ["--limit", "4"],
    "word-search": ["--vocabulary", "words.txt"],
}
"""What makes a command's work small, where it doesn't say itself how much it does: where the first
option of the list isn't there. `make demo` runs a suite as it is.
"""

LESS = {"--reads 60": "--reads 4", "--vocabulary shapes": "--vocabulary words.txt"}
"""What is written otherwise the second time, on a pseudo-terminal: it takes most of its page."""

SHORT = {"-r": "--recipe"}

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    title: str
    text: str


def blocks(text: str) -> list[Block]:
    fenced = re.findall(
        r"^```(\w*)(?: title=\"(.+?)\")?\n(.*?)^```$", text, re.DOTALL | re.MULTILINE
    )
    return [Block(*found) for found in fenced]


def command_lines(block: Block) -> list[str]:
    lines = (line.partition(" #")[0].strip() for line in block.text.splitlines())
    return [line for line in lines if line]


def reason_not_to(line: str) -> str:
    return next((why for begin, why in NOT_HERE.items() if line.startswith(begin)), "")


def examples() -> dict[str, list[str]]:
    """The examples at the end of each command's help, by the command's name."""
    found = {}
    for name in COMMANDS:
        command = load_command(name)
        for sub, each in {"": command, **getattr(command, "commands", {})}.items():
            if each.epilog:
                found[f"{name} {sub}".strip()] = re.findall("`(.+?)`", each.epilog)
    return found


def missing(arguments: list[str], options: list[str]) -> list[str]:
    """Those of `options`, each with its value, that a command doesn't have yet."""
    there = {SHORT.get(argument, argument) for argument in arguments}
    return [
        part
        for option, value in zip(options[::2], options[1::2], strict=True)
        if option not in there
        for part in (option, value)
    ]


@dataclass(frozen=True)
class Reader:
    """Somebody who types what a page says, in a folder of their own."""

    servers: Servers
    folder: Path
    terminal: bool

    def type(self, line: str) -> None:
        for written, less in LESS.items() if self.terminal else ():
            line = line.replace(written, less)
        program, *words = shlex.split(line)
        assert program == "typoattack", f"{line!r}: say in NOT_HERE why it is not run"
        arguments = [name for word in words for name in self._named(word)]
        for name, options in SMALLER.items():
            if line.startswith(f"typoattack {name}"):
                arguments += missing(arguments, options)
        self._run("typoattack", arguments, line)

    def run_program(self, text: str) -> None:
        (self.folder / "program.py").write_text(text, "utf-8")
        self._run("program.py", [], text)

    def follow(self, page: str) -> None:
        """Do what a page says, from its top to its end."""
        for block in blocks(page):
            if block.title:
                (self.folder / block.title).write_text(block.text, "utf-8")
            elif block.language == "python":
                self.run_program(block.text)
            elif block.language == "sh":
                for line in command_lines(block):
                    if not reason_not_to(line):
                        self.type(line)

    def _named(self, word: str) -> list[str]:
        """The files that a shell would put in place of a pattern."""
        found = sorted(self.folder.glob(word)) if "*" in word else []
        return [str(path.relative_to(self.folder)) for path in found] or [word]

    def _run(self, code: str, arguments: list[str], what: str) -> None:
        done = self.servers.run(code, arguments, self.folder, terminal=self.terminal)
        assert done.status == 0, f"{what}\n{done.out[-3000:]}\n{done.err[-3000:]}"
        assert "Traceback" not in done.out + done.err, what
        if not self.terminal and code == "typoattack":
            assert not CONTROL.findall(done.out + done.err), what


@pytest.fixture(scope="module")
def belongings(tmp_path_factory: pytest.TempPathFactory, tiny_clip: Path) -> Path:
    """What a reader has before the first command."""

    def make(root: Path) -> Path:
        for folder, count in (("photos", 2), ("train", 6), ("notes", 0)):
            for label, name in enumerate(("cat", "dog", "fish")):
                (root / folder / name).mkdir(parents=True)
                for number in range(count):
                    picture = noise(100 * count + 10 * label + number, 240, 200)
                    picture.save(root / folder / name / f"{number}.png")
        for number, name in enumerate(("apple", "apple-1", "dog", "dog-1")):
            noise(900 + number, 200, 200).save(root / "notes" / f"{name}.png")
        noise(1, 300, 200).save(root / "photo.jpg")
        (root / "words.txt").write_text("piggy bank\n$$$\n", "utf-8")
        answers = "sample,kind,label,word,answer\n1,clean,cat,,cat\n1,note,cat,dog,dog\n"
        (root / "answers.csv").write_text(answers, "utf-8")
        shutil.copytree(tiny_clip, root / "my-clip")
        save_transformers("siglip", root / "my-siglip")
        return root

    return once(tmp_path_factory, "belongings", make)


@pytest.fixture(scope="module")
def finished(servers: Servers, belongings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs that examples speak of."""

    def make(root: Path) -> Path:
        shutil.copytree(belongings, root, dirs_exist_ok=True)
        reader = Reader(servers, root, terminal=False)
        for name in ("mini", "mini-blind"):
            reader.type(f"typoattack run quick --recipe printed-label --model {name}")
        two = "-r printed-label -r handwritten-note"
        reader.type(f"typoattack run quick {two} --limit 8 -o runs/demo")
        for shard in range(1, 5):
            reader.type(f"typoattack run quick -r printed-label --limit 8 --shard {shard}/4")
        shutil.rmtree(root / "photos" / "fish")
        return root

    return once(tmp_path_factory, "finished", make)


@pytest.mark.parametrize("terminal", [False, True], ids=["pipes", "terminal"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_can_be_followed(
    page: Path, terminal: bool, servers: Servers, belongings: Path, tmp_path: Path
) -> None:
    text = page.read_text("utf-8")
    if not any(block.title or block.language in ("python", "sh") for block in blocks(text)):
        return
    reader = Reader(servers, tmp_path / "reader", terminal)
    shutil.copytree(belongings, reader.folder)
    reader.follow(text)


EXAMPLES = {name: lines for name, lines in examples().items() if not reason_not_to(lines[0])}


@pytest.mark.parametrize("terminal", [False, True], ids=["pipes", "terminal"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_help_runs(
    name: str, terminal: bool, servers: Servers, finished: Path, tmp_path: Path
) -> None:
    reader = Reader(servers, tmp_path / "reader", terminal)
    shutil.copytree(finished, reader.folder)
    if name in ("run", "merge"):  # they make what the other examples speak of
        shutil.rmtree(reader.folder / "runs" / "quick-mini")
    before = EXAMPLES["probe fit"] if name == "probe features" else []
    for line in (*before, *EXAMPLES[name]):
        reader.type(line)


def test_every_command_has_an_example() -> None:
    assert set(COMMANDS) - {name.split()[0] for name in EXAMPLES} == {"chat"}


def test_what_is_not_run_is_written_somewhere() -> None:
    """A reason that nothing needs any more is taken off the list."""
    written = [
        line
        for path in PAGES
        for block in blocks(path.read_text("utf-8"))
        if block.language == "sh"
        for line in command_lines(block)
    ]
    for begin in NOT_HERE:
        assert any(line.startswith(begin) for line in written), begin
    for part in LESS:
        assert any(part in line for line in written), part


READ_AS_THEY_ARE = [ROOT / f"{name}.md" for name in ("CONTRIBUTING", "ARCHITECTURE", "CHANGELOG")]


@pytest.mark.parametrize("page", [*PAGES, *READ_AS_THEY_ARE], ids=lambda page: page.stem)
def test_links_of_the_pages_lead_somewhere_in_the_checkout(page: Path) -> None:
    """As they are read beside the code; `make docs` checks those of the site."""
    text = page.read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert links or page.stem not in ("README", "CONTRIBUTING", "ARCHITECTURE")
    for link in links:
        path, _, anchor = link.partition("#")
        assert not anchor or not path.endswith(".py")
        assert (page.parent / path).exists() or path == "reference/cli.md", link


def test_the_tables_of_options_and_parts_are_made_from_the_code() -> None:
    """`docs/hooks.py` fills these in; nobody writes them by hand."""
    asked = re.compile(r"<!-- list: (\w+) -->$", re.MULTILINE)
    kinds = {kind for path in PAGES for kind in asked.findall(path.read_text("utf-8"))}
    assert kinds == {*LISTINGS, "published"}

"""The tests on other versions than the one at hand: `nox`, or `nox -s lowest`; needs uv.

pip install nox uv
nox -l
"""

import nox

nox.options.default_venv_backend = "uv"
nox.options.sessions = ["demo"]

PYTHONS = ("3.10", "3.11", "3.12", "3.13")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The whole test run, as `make test` has it."""
    session.install(".[test]")
    session.run("python", "-m", "pytest", "-n", "auto", "--maxprocesses", "8", *session.posargs)


@nox.session(python=PYTHONS)
def demo(session: nox.Session) -> None:
    """What a newcomer does first, on each Python."""
    session.install(".")
    _first_run(session)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """The demo on the oldest Python with the oldest versions that pyproject.toml allows."""
    session.install("--resolution", "lowest-direct", ".")
    _first_run(session)


def _first_run(session: nox.Session) -> None:
    out = session.create_tmp()
    session.run("typoattack", "run", "quick", "--limit", "12", "--out", f"{out}/run")
    session.run(
        "typoattack", "compare", f"{out}/run", "--recipes", "printed-label", "plain-overlay"
    )
    session.run("typoattack", "verify", f"{out}/run", "--sample", "3")

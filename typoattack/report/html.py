"""Pages from templates: one file each, autoescaped, with nothing to fetch."""

import base64
import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup


def render_template(name: str, **context: Any) -> str:
    """A template of `templates/` with the shared style and script inside.

    The page allows no script but its own, by hash, and no request at all.
    """
    script, style = _asset("page.js"), _asset("page.css")
    policy = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _environment()
        .get_template(name)
        .render(
            script=Markup(script),
            style=Markup(style),
            script_hash=f"sha256-{policy}",
            embedded=_embedded,
            **context,
        )
    )


def render_file(path: Path, **context: Any) -> str:
    """A part of a page from a template anywhere; it may import those of `templates/`."""
    return _environment().from_string(path.read_text("utf-8")).render(**context)


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("typoattack.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _asset(name: str) -> str:
    return (resources.files("typoattack.report") / "templates" / name).read_text("utf-8")


def _embedded(data: Any) -> Markup:
    """Data for a script element: JSON in which nothing can end the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)

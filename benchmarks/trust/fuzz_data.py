"""Inputs for `fuzz.py` that come with data: archives, parquet rows, lists, chat answers."""

import dataclasses
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from PIL import Image

from typoattack.chat.phrasing import phrasings
from typoattack.chat.question import Question, verdict_on
from typoattack.chat.reply import parse_reply
from typoattack.core.errors import BrokenImage, RunFailure, UserError
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.labels import named_by_file, templates


def _encoded(kind: str, size: tuple[int, int] = (9, 7), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 120).save(buffer, kind)
    return buffer.getvalue()


PICTURES = [
    *(_encoded("PNG"), _encoded("JPEG"), _encoded("PNG", mode="L"), _encoded("GIF", mode="P")),
]
_NAMES = [
    *(
        "label=cat_text=dog.png",
        "label=dog_text=cat.jpg",
        "label=cat_text=.png",
        "label=_text=.jpg",
    ),
    *("cat/1.jpg", "../../out.png", "/abs.png", "apple-iPod.jpg", "apple.jpg", "annotation.json"),
    *("photos/apple.jpg", "a\x00b.png", "\u202e.png", "x" * 300 + ".png", "__MACOSX/1.png", ""),
]
_ANNOTATIONS = [
    *(b"{}", b"[]", b'{"apple.jpg": {"label": "apple", "word": "iPod"}}', b"[" * 100_000),
    *(b"\xff\xfe", b'{"apple.jpg": 5}', b'[{"file": "apple.jpg", "label": null}]', b"null"),
]


_NAMED = {"label=cat_text=dog.png": PICTURES[0], "label=dog_text=cat.jpg": PICTURES[1]}
_SOUND = {
    "rta": _NAMED,
    "paint": _NAMED,
    "goh": {"apple-ipod.jpg": PICTURES[1], "mug-pizza.png": PICTURES[0]},
    "materzynska": {
        "apple.jpg": PICTURES[1],
        "cat.png": PICTURES[0],
        "annotation.json": json.dumps(
            {
                "apple.jpg": {"true object": "apple", "typographic attack label": "iPod"},
                "cat.png": {"true object": "cat", "typographic attack label": ""},
            }
        ).encode(),
    },
}
"""What each kind of set may hold."""


def _spoilt(data: bytes, spots: list[tuple[int, int]], cut: int) -> bytes:
    """`data` with bytes changed, and perhaps without its end."""
    made = bytearray(data)
    for place, value in spots:
        if made:
            made[place % len(made)] = value
    return bytes(made[: len(made) - cut % (len(made) + 1)] if cut else made)


_SPOTS = st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=4)
_CUT = st.one_of(st.just(0), st.just(0), st.integers(0, 500))
_CONTENT = st.one_of(
    st.sampled_from(PICTURES),
    st.builds(_spoilt, st.sampled_from(PICTURES), _SPOTS, _CUT),
    st.sampled_from(_ANNOTATIONS),
    st.binary(max_size=60),
)


def archives() -> st.SearchStrategy[tuple[str, bytes]]:
    """A kind of data set, and a zip that is nearly one."""
    methods = st.sampled_from(
        [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    )
    more = st.dictionaries(st.sampled_from(_NAMES), _CONTENT, max_size=3)
    names = sorted({name for members in _SOUND.values() for name in members})
    named = st.dictionaries(st.sampled_from(names), _CONTENT, max_size=1)

    def packed(kind: str, more: dict[str, bytes], changed: dict[str, bytes], method: int) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            for name, content in {**_SOUND[kind], **more, **changed}.items():
                file.writestr(zipfile.ZipInfo(name or "x"), content, method)
        return buffer.getvalue()

    def of(kind: str) -> st.SearchStrategy[tuple[str, bytes]]:
        some = st.one_of(st.just({}), more)
        whole = st.builds(packed, st.just(kind), some, st.one_of(st.just({}), named), methods)
        data = st.one_of(whole, st.builds(_spoilt, whole, _SPOTS, _CUT), st.binary(max_size=80))
        return st.tuples(st.just(kind), data)

    return st.sampled_from(sorted(_SOUND)).flatmap(of)


def archive_is_read_or_refused(given: tuple[str, bytes]) -> bool:
    """Whether a zip holds a data set; of one, every picture is decoded or called broken."""
    kind, data = given
    return _with_file("data.zip", data, lambda path: _read_all(DatasetSpec(f"{kind}:{path}")))


def parquet_rows() -> st.SearchStrategy[list[dict[str, object]]]:
    """Rows of pictures and labels as anybody might have written them."""
    inside = st.one_of(st.none(), _CONTENT)
    paths = ["", "x.png", "/etc/hostname", "../../x.png", "http://127.0.0.1:1/x.png", "\x00"]
    image = st.fixed_dictionaries(
        {"bytes": inside, "path": st.one_of(st.none(), st.sampled_from(paths))}
    )
    label = st.one_of(*[st.integers(0, 2)] * 4, st.sampled_from([-2, -1, 3, 2**40, -(2**40)]))
    row = st.fixed_dictionaries({"image": st.one_of(st.none(), image, image), "label": label})
    return st.lists(row, min_size=1, max_size=4)


_FEATURES = {"image": {"_type": "Image"}, "label": {"dtype": "int64", "_type": "Value"}}

_ROW = pa.schema(
    [("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])), ("label", pa.int64())],
    {"huggingface": json.dumps({"info": {"features": _FEATURES}})},
)


def rows_are_read_or_refused(rows: list[dict[str, object]]) -> bool:
    """Whether rows are a data set; of one, every picture is decoded or called broken."""
    with tempfile.TemporaryDirectory() as folder:
        path, names = Path(folder) / "data.parquet", Path(folder) / "names.txt"
        pq.write_table(pa.Table.from_pylist(rows, _ROW), path)
        names.write_text("cat\ndog\nfish\n", encoding="utf-8")
        return _read_all(
            DatasetSpec(
                f"parquet:{path}",
                class_names=str(names),
                image_column="image",
                label_column="label",
            )
        )


def lists() -> st.SearchStrategy[tuple[str, bytes]]:
    """What a text file is said to be, and what it holds."""
    line = st.one_of(
        st.sampled_from(
            [
                *("cat", "dog", "a photo of a {}.", "{", "{}{}", "image,label,word,clean,kind"),
                *("image,caption", "x.png,cat,dog,,attacked", '"', ",,,,", "\x00", "\x1b[2J", " "),
            ]
        ),
        st.text(max_size=20),
    )
    text = st.lists(line, max_size=6).flatmap(
        lambda lines: st.sampled_from(["\n", "\r\n", "\r", "\u2028"]).map(
            lambda end: end.join(lines)
        )
    )
    encoded = st.builds(
        lambda text, code: text.encode(code, "surrogatepass" if "utf" in code else "replace"),
        text,
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    )
    data = st.one_of(encoded, st.binary(max_size=60))
    return st.tuples(st.sampled_from(["names", "templates", "csv", "captions"]), data)


def list_is_read_or_refused(given: tuple[str, bytes]) -> bool:
    """Whether a file holds class names, templates, or a table of pictures."""
    what, data = given
    readers: dict[str, Callable[[Path], bool]] = {
        "names": lambda path: bool(named_by_file(str(path), 3, "the data set")),
        "templates": lambda path: bool(templates(str(path))),
        "csv": lambda path: _read_all(DatasetSpec(f"csv:{path}")),
        "captions": lambda path: _read_all(DatasetSpec(f"captions:{path}")),
    }
    return _with_file("given.csv", data, readers[what])


def _with_file(name: str, data: bytes, read: Callable[[Path], bool]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        (path.parent / "x.png").write_bytes(PICTURES[0])
        try:
            return read(path)
        except UserError as error:
            assert len(str(error)) < 2_000
            return False


def _read_all(which: DatasetSpec) -> bool:
    try:
        data = open_dataset(which)
        for index in range(len(data)):
            sample = data[index]
            for load in (sample.load, *(variant.load for variant in sample.variants)):
                try:
                    load()
                except (BrokenImage, RunFailure) as error:
                    assert str(error)
    except UserError as error:
        assert len(str(error)) < 2_000
        return False
    return True


def chat_bodies() -> st.SearchStrategy[bytes]:
    """What an endpoint may send back."""
    leaf = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from(["A", "(B)", "\ud800", "x" * 5000, 1e300, float("nan"), float("inf")]),
        st.text(max_size=10),
    )
    value = st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=6,
    )
    said = st.one_of(st.sampled_from(["A", "(B)", "a cat", "\ud800"]), value)
    message = st.fixed_dictionaries({"content": said}, optional={"refusal": value})
    choice = st.fixed_dictionaries(
        {"message": st.one_of(message, message, value)}, optional={"logprobs": value}
    )
    chosen = st.lists(choice, min_size=1, max_size=2)
    body = st.fixed_dictionaries(
        {"choices": st.one_of(chosen, chosen, value)},
        optional={
            "usage": st.one_of(
                value, st.fixed_dictionaries({"prompt_tokens": value, "completion_tokens": value})
            ),
            "model": value,
        },
    )
    sent = st.one_of(body, value).map(lambda data: json.dumps(data).encode())
    deep = st.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b"1e999", b""])
    return st.one_of(sent, st.builds(_spoilt, sent, _SPOTS, _CUT), deep, st.binary(max_size=60))


def body_is_read_or_tried_again(body: bytes) -> bool:
    """Whether a body is a reply; one can be stored and judged."""
    try:
        reply = parse_reply(body)
    except ValueError:
        return False
    json.dumps(dataclasses.asdict(reply)).encode()
    return answer_is_judged(reply.text)


def answers() -> st.SearchStrategy[str]:
    """What a chat model may say."""
    piece = st.sampled_from(
        [*("A", "b", "(a)", "(B)", ".", " ", "cat", "dog", "a cat", "I'm sorry, but ", "\n"), "**"]
    )
    return st.one_of(st.lists(st.one_of(piece, st.text(max_size=4)), max_size=8).map("".join))


def answer_is_judged(text: str) -> bool:
    """Whether an answer chooses one of the two; every answer is judged."""
    verdicts = {
        verdict_on(Question(phrasing, "cat", "dog", True), text)
        for phrasing in phrasings().values()
    }
    assert verdicts <= {"label", "word", "refused", "unclear"}
    return bool(verdicts & {"label", "word"})

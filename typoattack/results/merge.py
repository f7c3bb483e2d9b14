"""Shards joined into what one run would have been."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typoattack.core.errors import UserError
from typoattack.core.files import folder_made_whole
from typoattack.results.embeddings import EMBEDDINGS, part_path, parts_of
from typoattack.results.folder import FOUND, RunFolder, describe_difference
from typoattack.results.manifest import SHARD
from typoattack.results.reading import READING
from typoattack.suite import Shard, parse_shard


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run folder that claims to be a shard."""

    folder: RunFolder
    manifest: dict[str, Any]
    shard: Shard

    @property
    def told(self) -> str:
        return f"{str(self.folder.path)!r} (shard {self.shard})"

    @property
    def question(self) -> dict[str, Any]:
        """What shards of one run have in common, wherever each found the photographs.

        Data sets of one fingerprint are one, so their paths may differ.
        """
        kept = {k: v for k, v in self.manifest["identity"].items() if k not in (SHARD, "dataset")}
        return kept | {"format": self.manifest.get("format")}


def merge(folders: Sequence[str | Path], out: str | Path) -> RunFolder:
    """Join the finished shards of one run into the new run folder `out`.

    Args:
        folders: every shard of the run, in any order.
        out: must not exist; it is written whole or not at all.

    Raises:
        UserError: if a folder is no shard, belongs to another run, is unfinished or damaged, a
            shard is missing or there twice, or `out` exists or cannot be written.
    """
    target = Path(out)
    pieces = sorted((_piece(Path(path)) for path in folders), key=lambda piece: piece.shard.number)
    if not pieces:
        raise UserError("name the run folders to merge")
    _refuse_strangers(pieces)
    _refuse_overlaps_and_gaps(pieces)
    for piece in pieces:
        _check_samples(piece)
    _check_reading(pieces[0])
    with folder_made_whole(target) as made:
        _join(pieces, RunFolder(made))
    return RunFolder(target)


def _piece(path: Path) -> _Piece:
    folder = RunFolder(path)
    manifest = folder.manifest()
    text = manifest["identity"].get(SHARD)
    if not isinstance(text, str):
        raise UserError(f"{str(path)!r} is a whole run, not a shard (run with --shard i/n)")
    return _Piece(folder, manifest, parse_shard(text))


def _refuse_strangers(pieces: Sequence[_Piece]) -> None:
    first = pieces[0]
    for piece in pieces[1:]:
        if piece.question != first.question:
            difference = describe_difference(first.question, piece.question)
            raise UserError(
                f"{piece.told} belongs to another run than {first.told}; {difference}; "
                "merge shards of one run only"
            )
        if piece.shard.of != first.shard.of:
            raise UserError(
                f"{piece.told} and {first.told} are parts of differently many; "
                "merge shards of one run only"
            )


def _refuse_overlaps_and_gaps(pieces: Sequence[_Piece]) -> None:
    counted = Counter(piece.shard for piece in pieces)
    for shard, times in counted.items():
        if times > 1:
            where = ", ".join(str(p.folder.path) for p in pieces if p.shard == shard)
            raise UserError(f"shard {shard} is there {times} times ({where}); name one of them")
    of = pieces[0].shard.of
    missing = [str(Shard(i, of)) for i in range(1, of + 1) if Shard(i, of) not in counted]
    if missing:
        shown = ", ".join(missing[:10]) + (", …" if len(missing) > 10 else "")
        raise UserError(f"{len(missing)} of {of} shards missing: {shown}; run them and merge again")


def _check_samples(piece: _Piece) -> None:
    """Refuse a shard that is unfinished or holds samples of another."""
    done = piece.folder.done()
    for sample in sorted(done):
        if not piece.shard.holds(sample):
            raise UserError(f"{piece.told} holds the photograph {sample!r} of another shard")
    planned = int(piece.manifest["planned"])
    if len(done) != planned:
        raise UserError(
            f"{piece.told} is unfinished ({len(done)} of {planned} photographs); run its command "
            f"again: {piece.manifest['command']}"
        )


def _check_reading(first: _Piece) -> None:
    """Refuse a first shard that was killed between its last photograph and the reading."""
    if first.manifest.get("reads") and not (first.folder.path / READING).is_file():
        raise UserError(
            f"{first.told} has not been asked to read yet; run its command again: "
            f"{first.manifest['command']}"
        )


def _join(pieces: Sequence[_Piece], made: RunFolder) -> None:
    """Copy the shards' parts and kept pictures into an empty folder, with one manifest."""
    made.start(_manifest(pieces))
    predictions = [part for piece in pieces for part in piece.folder.parts()]
    for number, part in enumerate(predictions):
        shutil.copyfile(part, made.part_path(number))
    embeddings = [part for piece in pieces for part in parts_of(piece.folder.path)]
    for number, part in enumerate(embeddings):
        (made.path / EMBEDDINGS).mkdir(exist_ok=True)
        shutil.copyfile(part, part_path(made.path, number))
    for piece in pieces:
        if (piece.folder.path / READING).is_file():
            shutil.copyfile(piece.folder.path / READING, made.path / READING)
        kept = piece.folder.path / FOUND
        if kept.is_dir():
            shutil.copytree(kept, made.path / FOUND, dirs_exist_ok=True)


def _manifest(pieces: Sequence[_Piece]) -> dict[str, Any]:
    first = pieces[0].manifest
    identity = {key: value for key, value in first["identity"].items() if key != SHARD}
    planned = sum(int(piece.manifest["planned"]) for piece in pieces)
    return first | {
        "identity": identity,
        "planned": planned,
        "shards": [_provenance(piece.manifest) for piece in pieces],
    }


def _provenance(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What may differ from shard to shard."""
    return {key: manifest[key] for key in ("command", "settings", "started", "versions")}

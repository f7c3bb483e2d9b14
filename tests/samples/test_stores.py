"""Photographs in an object store are the same photographs."""

import errno
import itertools
import os
import pickle
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest

import typoattack as ta
from tests import stores
from tests.conftest import noise
from typoattack.api import Machine
from typoattack.core.errors import BrokenImage, RunFailure, UserError
from typoattack.samples import Dataset, DatasetSpec, open_dataset
from typoattack.samples.stores import copied, files_below
from typoattack.suite import parse_suite

pytest.importorskip("s3fs", reason="s3fs is not installed (extra `remote`)")
pytest.importorskip("moto", reason="moto is not installed (extra `test`)")

_number = itertools.count()


@pytest.fixture(scope="module", autouse=True)
def _s3() -> Iterator[None]:
    with stores.s3():
        yield


@pytest.fixture
def photos(photo_folder: Path) -> Path:
    """Photographs of three classes, with what else lies in folders."""
    (photo_folder / "dog" / "more").mkdir()
    noise(77).save(photo_folder / "dog" / "more" / "deep.PNG")
    (photo_folder / "dog" / "1.png").write_bytes(b"\x89PNG half")
    (photo_folder / "dog" / "notes.txt").write_text("no picture")
    (photo_folder / ".hidden").mkdir()
    noise(78).save(photo_folder / ".hidden" / "0.png")
    noise(79).save(photo_folder / "loose.png")
    return photo_folder


def put(folder: Path, scheme: str = "s3") -> str:
    return stores.put(scheme, f"bucket-{next(_number)}", folder)


def same(here: Dataset, there: Dataset) -> None:
    """Ids, labels, fingerprint and pixels, and what is broken."""
    assert len(here) == len(there) > 0
    assert here.fingerprint == there.fingerprint
    assert here.task == there.task
    for index in range(len(here)):
        mine, theirs = here[index], there[index]
        assert (mine.id, mine.label) == (theirs.id, theirs.label)
        assert pixels(mine.load) == pixels(theirs.load)
        for one, other in zip(mine.variants, theirs.variants, strict=True):
            assert (one.kind, one.word) == (other.kind, other.word)
            assert pixels(one.load) == pixels(other.load)


def pixels(load) -> bytes:
    try:
        return load().tobytes()
    except BrokenImage as error:
        return str(error).encode()


def both(here: str, there: str, **options: str) -> tuple[Dataset, Dataset]:
    first, second = (open_dataset(DatasetSpec(spec, **options)) for spec in (here, there))
    return first, second


def test_a_folder_in_a_bucket_is_the_folder_on_disk(photos: Path) -> None:
    url = put(photos)
    here, there = both(f"folder:{photos}", f"folder:{url}")
    same(here, there)
    assert there[6].id == "dog/more/deep.PNG"
    assert there.name == f"folder:{url}"
    same(here, open_dataset(DatasetSpec(f"folder:{url}/")))


def test_a_folder_in_a_bucket_of_googles_is_the_folder_on_disk(photos: Path) -> None:
    pytest.importorskip("gcsfs", reason="gcsfs is not installed (extra `remote`)")
    pytest.importorskip("gcp_storage_emulator", reason="not installed (extra `test`)")
    with stores.gs():
        same(*both(f"folder:{photos}", f"folder:{put(photos, 'gs')}"))
        with pytest.raises(UserError, match=r"'folder:gs://none/val'.*no such"):
            open_dataset(DatasetSpec("folder:gs://none/val"))


def test_a_run_from_a_bucket_is_the_run_from_disk(
    photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    (photos / "loose.png").unlink()
    url = put(photos)
    text = "question: q\nrecipes: [printed-label]\ncanvas: 64"

    def run(photographs: str, workers: int) -> ta.Run:
        changes = {"dataset": f"folder:{photographs}", "models": [f"local-dir:{tiny_clip}"]}
        machine = Machine("cpu", workers=workers)
        out = tmp_path / f"run-{workers}"
        return ta.run(parse_suite(text, "test", changes), out=out, machine=machine)

    here, there = run(str(photos), 0), run(url, 2)
    assert here.predictions.equals(there.predictions)
    assert here.skipped == there.skipped != []
    written = (path.read_bytes() for path in there.path.rglob("*") if path.is_file())
    assert not any(stores.SECRET.encode() in data for data in written)


def test_the_fingerprint_changes_with_what_is_in_the_bucket(photos: Path) -> None:
    import fsspec

    url = put(photos)
    before = open_dataset(DatasetSpec(f"folder:{url}")).fingerprint
    fsspec.filesystem("s3").pipe_file(f"{url}/cat/9.png", b"a picture more")
    after = open_dataset(DatasetSpec(f"folder:{url}"))
    assert (before != after.fingerprint, len(after)) == (True, 11)


def test_a_table_beside_its_pictures_is_read_from_a_bucket(photos: Path) -> None:
    (photos / "all.csv").write_text(
        "image,label,word,clean\ncat/0.png,cat,dog,cat/1.png\r\ndog/0.png,dog,,\n"
    )
    (photos / "said.csv").write_text("image,caption\ncat/0.png,a cat\nfish/1.png,a fish\n")
    url = put(photos)
    for kind, name in (("csv", "all.csv"), ("captions", "said.csv")):
        same(*both(f"{kind}:{photos}/{name}", f"{kind}:{url}/{name}"))
    with pytest.raises(UserError, match="cannot read 'none.csv'.*no such file"):
        open_dataset(DatasetSpec(f"csv:{url}/none.csv"))
    with pytest.raises(UserError, match="no such file"):
        open_dataset(DatasetSpec(f"captions:{url}/none.csv"))


@pytest.mark.parametrize("cell", ["../../passport.png", "s3://other/x.png", "/etc/passwd.png"])
def test_a_table_in_a_bucket_leads_to_nothing_outside_its_folder(photos: Path, cell: str) -> None:
    (photos / "all.csv").write_text(f"image,label,word\n{cell},cat,dog\n")
    (photos / "said.csv").write_text(f"image,caption\n{cell},a cat\ncat/0.png,another\n")
    url = put(photos)
    with pytest.raises(UserError, match="there is no picture"):
        open_dataset(DatasetSpec(f"csv:{url}/all.csv"))
    with pytest.raises(UserError, match="there is no"):
        open_dataset(DatasetSpec(f"captions:{url}/said.csv"))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder that holds an archive of photographs named as RTA-100's."""
    folder = tmp_path / "archives"
    folder.mkdir()
    with zipfile.ZipFile(folder / "rta.zip", "w") as made:
        for number, name in enumerate(("label=cat_text=dog.png", "label=dog_text=pan.png")):
            noise(number).save(tmp_path / name)
            made.write(tmp_path / name, f"RTA/{name}")
    return folder


def test_an_archive_in_a_bucket_is_copied_once_and_read_as_on_disk(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "cache"))
    url = put(archive)
    here, there = both(f"rta:{archive}/rta.zip", f"rta:{url}/rta.zip")
    same(here, there)
    [copy] = (tmp_path / "cache" / "stores").iterdir()
    before = copy.stat().st_mtime_ns
    same(here, open_dataset(DatasetSpec(f"rta:{url}/rta.zip")))
    assert copy.stat().st_mtime_ns == before


def test_another_node_copies_the_archive_for_itself_unless_it_was_replaced(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    url = put(archive)
    data = pickle.dumps(open_dataset(DatasetSpec(f"rta:{url}/rta.zip")))
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "another"))
    assert pickle.loads(data)[0].image.tobytes() == noise(0).tobytes()
    fsspec.filesystem("s3").pipe_file(f"{url}/rta.zip", b"another archive")
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "a-third"))
    with pytest.raises(RunFailure, match="replaced since"):
        pickle.loads(data)[0].load()


def test_parquet_files_in_a_bucket_are_the_files_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("string")})
    for part in range(2):
        rows = {"image": [noise(part), noise(part + 5)], "label": ["cat", "dog"]}
        table = datasets.Dataset.from_dict(rows, features=features)
        table.to_parquet(folder / f"rows-{part}.parquet")
    url = put(folder)
    names = ("rows-1.parquet", "rows-*.parquet", "rows-?.parquet", "rows-[01].parquet")
    for name in names:
        same(*both(f"parquet:{folder}/{name}", f"parquet:{url}/{name}", label_column="label"))
    with pytest.raises(UserError, match="no file fits"):
        open_dataset(DatasetSpec(f"parquet:{url}/none-*.parquet", label_column="label"))


def test_a_temporary_folder_that_cannot_be_made_in_the_cache_is_no_traceback(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    made = copied(f"{put(archive)}/rta.zip", "here")
    made.here().unlink()
    monkeypatch.setattr("tempfile.mkdtemp", forbidden)  # the tests may be run by root
    with pytest.raises(RunFailure, match="cannot write the cache folder .*Permission denied"):
        made.here()


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC])
def test_what_cannot_be_written_here_is_not_said_of_the_store(
    number: int, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable(_path: str, here: str) -> None:
        named = () if number == errno.ENOSPC else (here,)  # as open() and as write() say it
        raise OSError(number, os.strerror(number), *named)

    url = put(archive)
    client = stores.client("s3")
    monkeypatch.setattr(client, "get_file", unwritable)
    monkeypatch.setenv("TYPOATTACK_CACHE", str(archive / "cache"))
    with pytest.raises(UserError, match=f"cannot write the cache .*{os.strerror(number)}") as error:
        copied(f"{url}/rta.zip", "here")
    assert "the store" not in str(error.value)


def test_a_file_in_place_of_the_cache_is_said(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stores").write_text("a file")
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path))
    with pytest.raises(UserError, match="cannot write the cache folder .*TYPOATTACK_CACHE"):
        copied(f"{put(archive)}/rta.zip", "here")


def test_a_scheme_may_be_written_in_capitals(photos: Path) -> None:
    url = put(photos)
    loud = url.replace("s3://", "S3://")
    here, there = both(f"folder:{url}", f"folder:{loud}")
    same(here, there)


def test_a_placeholder_named_like_a_picture_is_no_photograph(photos: Path) -> None:
    import boto3

    url = put(photos)
    bucket = url.removeprefix("s3://").partition("/")[0]
    boto3.client("s3").put_object(Bucket=bucket, Key="val/dog/x.jpg/")
    same(*both(f"folder:{photos}", f"folder:{url}"))


def test_a_key_that_is_no_path_is_refused_by_name(photos: Path) -> None:
    import fsspec

    url = put(photos)
    fsspec.filesystem("s3").pipe_file(f"{url}/cat//twice.png", b"x")
    with pytest.raises(UserError, match=r"cat//twice.png' is no path"):
        open_dataset(DatasetSpec(f"folder:{url}"))


def test_an_empty_folder_that_a_console_left_is_a_class_as_on_disk(photos: Path) -> None:
    import boto3

    url = put(photos)
    (photos / "zebra").mkdir()
    bucket = url.removeprefix("s3://").partition("/")[0]
    boto3.client("s3").put_object(Bucket=bucket, Key="val/zebra/")
    here, there = both(f"folder:{photos}", f"folder:{url}")
    same(here, there)
    assert there.task.class_names == ("cat", "dog", "fish", "zebra")


def test_names_that_only_begin_alike_are_another_folder(photos: Path) -> None:
    url = put(photos)
    assert len(files_below(url, "here")) == len(files_below(f"{url}/", "here")) == 13
    assert files_below(url.removesuffix("al"), "here") == {}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("folder:s3://no-such-bucket/val", "no such file or bucket"),
        ("folder:az://bucket/val", r"az:// is not read; s3://, gs://, hf:// are"),
        ("folder:file:///tmp", "file:// is not read.*paths of this machine without any"),
        ("rta:https://host/rta.zip", "https:// is not read"),
        ("rta:s3://no-such-bucket/rta.zip", "no such file or bucket"),
        ("parquet:s3://no-such-bucket/rows.parquet", "no such file or bucket"),
        ("csv:s3://no-such-bucket/rows.csv", "no such file or bucket"),
        ("captions:s3://bucket", r"'s3://bucket' names a folder and no file; write s3://BUCKET"),
        ("csv:s3://bucket", r"'s3://bucket' names a folder and no file"),
        ("csv:s3://bucket/", r"'s3://bucket/' names a folder and no file"),
        ("imagefolder:s3://bucket/val", "opened by folder:s3://bucket/val"),
        (f"folder:s3://key:{stores.SECRET}@bucket/val", "no key may stand in an address"),
        (f"parquet:s3://key:{stores.SECRET}@bucket/x.parquet", "no key may stand in an address"),
        (f"imagefolder:ftp://key:{stores.SECRET}@bucket/x", "no key may stand in an address"),
    ],
)
def test_an_address_that_gives_nothing_is_an_error_in_words(spec: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        open_dataset(DatasetSpec(spec))
    assert "\n" not in str(error.value)
    assert stores.SECRET not in str(error.value)


def test_an_empty_bucket_holds_no_such_folder(photos: Path) -> None:
    url = put(photos)
    with pytest.raises(UserError, match="there is no such folder"):
        open_dataset(DatasetSpec(f"folder:{url}/none"))
    with pytest.raises(UserError, match="there is no folder or zip file"):
        open_dataset(DatasetSpec(f"materzynska:{url}/none"))


def opening(spec: str = "folder:s3://bucket/val") -> str:
    with pytest.raises(UserError) as error:
        open_dataset(DatasetSpec(spec))
    return str(error.value)


KEYS = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": stores.SECRET}


def test_a_store_that_forbids_it_says_so() -> None:
    with stores.answering(403) as url, stores.environment(AWS_ENDPOINT_URL=url, **KEYS):
        assert "forbids it (403); sign in by AWS_ACCESS_KEY_ID" in opening()
        with pytest.raises(UserError, match="forbids it"):
            copied("s3://bucket/rta.zip", "here")


@pytest.mark.parametrize("status", [401, 403])
def test_a_store_of_googles_that_forbids_it_says_so_and_prints_no_traceback(
    status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gcsfs", reason="gcsfs is not installed (extra `remote`)")
    anonymous = {"FSSPEC_GS": '{"token": "anon"}'}
    with (
        stores.answering(status) as url,
        stores.environment(STORAGE_EMULATOR_HOST=url, **anonymous),
    ):
        assert "forbids it (403); sign in by GOOGLE_" in opening("folder:gs://bucket/val")
    assert "Traceback" not in capfd.readouterr().err


def test_a_store_that_forbids_a_picture_ends_the_run_and_breaks_no_photograph(
    photos: Path,
) -> None:
    there = open_dataset(DatasetSpec(f"folder:{put(photos)}"))
    with (
        stores.answering(403) as url,
        stores.environment(AWS_ENDPOINT_URL=url, **KEYS),
        pytest.raises(RunFailure, match=r"cannot read 's3://.*cat/0.png': .*forbids it"),
    ):
        there[0].load()


def test_credentials_that_are_missing_are_asked_for() -> None:
    with stores.environment(AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="none"):
        assert "no credentials; give AWS_ACCESS_KEY_ID" in opening()


def test_a_store_that_does_not_answer_cannot_be_reached() -> None:
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    with stores.environment(**nobody, **KEYS):
        assert "the store cannot be reached" in opening()


def test_a_store_without_its_client_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    stores.forget()
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    assert "s3:// needs an extra; pip install 'typoattack[remote]'" in opening()

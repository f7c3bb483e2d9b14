"""What lets anybody in is not shown; all else of a URL is."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typoattack.core.secrets import without_credentials

LETTERS = st.text(string.ascii_letters + string.digits + "-._~!$*+@:%,;", min_size=8)
NAMES = ["key", "api_key", "apikey", "x-api-key", "token", "access_token", "hf_token", "sig"]
NAMES += ["X-Amz-Signature", "password", "passwd", "pwd", "client_secret", "auth", "Authorization"]


@given(user=LETTERS, password=LETTERS, path=st.sampled_from(["", "/v1", "/v1?a=b", "?x=1@2"]))
def test_user_and_password_are_hidden_whatever_they_hold(
    user: str, password: str, path: str
) -> None:
    told = without_credentials(f"no answer from https://{user}:{password}@host.org:8000{path} (5)")
    assert told == f"no answer from https://***@host.org:8000{path} (5)"


@pytest.mark.parametrize("name", NAMES)
@given(value=st.text(string.ascii_letters + string.digits + "-._~%+/=", min_size=1))
def test_keys_of_any_name_in_a_query_are_hidden(name: str, value: str) -> None:
    told = without_credentials(f"https://host/v1?version=2&{name}={value}&size=3#top")
    assert told == f"https://host/v1?version=2&{name}=***&size=3#top"


@pytest.mark.parametrize(
    "harmless",
    [
        "https://host/v1?version=2",
        "https://host/v1?design=v1",
        "a@b.org",
        "see https://host/a@b",
        "1 / 2 = 0.5 @ 3",
        "?x",
    ],
)
def test_the_rest_stays_as_it_is(harmless: str) -> None:
    assert without_credentials(harmless) == harmless

"""Which URLs a list of prefixes allows."""

from __future__ import annotations

import pytest

from pixelmill.errors import InvalidPipeline, SourceForbidden
from pixelmill.web.ondemand.allowlist import AllowList

LIST = "https://a.test/photos/, https://*.b.test, http://c.test:8000/ https://bücher.test/ s3://bucket/folder"


@pytest.fixture(scope="module")
def allowed() -> AllowList:
    """A list with something of everything that does not need a package for its scheme."""
    return AllowList(LIST.replace("s3://", "memory://"))


@pytest.mark.parametrize(
    ("url", "means"),
    [
        ("https://a.test/photos/1.jpg", ""),
        ("https://A.TEST:443/photos/1.jpg", "https://a.test/photos/1.jpg"),
        ("https://a.test./photos/1.jpg", "https://a.test/photos/1.jpg"),
        ("https://a.test/photos/1.jpg?size=2&x=../#part", "https://a.test/photos/1.jpg?size=2&x=../"),
        ("https://x.b.test/1.jpg", ""),
        ("https://y.x.b.test/", ""),
        ("http://c.test:8000/1.jpg", ""),
        ("https://bücher.test/1.jpg", "https://xn--bcher-kva.test/1.jpg"),
        ("https://xn--bcher-kva.test/1.jpg", ""),
        ("https://a.test/%70hotos/1.jpg", ""),
        ("https://a.test/photos/o/a%2Fb.jpg", ""),
        ("https://a.test/photos/caf%e9.jpg", ""),
    ],
)
def test_allowed(allowed: AllowList, url: str, means: str) -> None:
    assert str(allowed.web(url)) == (means or url)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.test/1.jpg",
        "https://a.test/photos",
        "https://a.test/photos-of-others/1.jpg",
        "https://a.test/photos/../1.jpg",
        "https://a.test/photos/%2e%2E/1.jpg",
        "https://a.test/photos/..%2f1.jpg",
        "https://a.test/photos/..%5c1.jpg",
        "https://a.test/photos/./1.jpg",
        "https://a.test/photos/%00.jpg",
        "https://a.test/photos/..;/1.jpg",
        "https://a.test/photos/%2e%2e;v=1/1.jpg",
        "https://a.test/photos/%c0%ae%c0%ae/1.jpg",
        "https://a.test/photos/..%c0%af1.jpg",
        "https://a.test/photos/%e0%80%ae./1.jpg",
        "https://a.test/photos%2f1.jpg",
        "https://a.test/photos%2Fx/1.jpg",
        "https://a.test//photos/1.jpg",
        "https://a.test/Photos/1.jpg",
        "https://a.test:444/photos/1.jpg",
        "http://a.test/photos/1.jpg",
        "https://a.test@evil.test/photos/1.jpg",
        "https://evil.test\\@a.test/photos/1.jpg",
        "https://a.test\\.evil.test/photos/1.jpg",
        "https://user:secret@a.test/photos/1.jpg",
        "https://evil.test#@a.test/photos/1.jpg",
        "https://evil.test?@a.test/photos/1.jpg",
        "https://a.test.evil.test/photos/1.jpg",
        "https://b.test/1.jpg",
        "https://evilb.test/1.jpg",
        "https://.b.test/1.jpg",
        "http://c.test/1.jpg",
        "http://c.test:0/1.jpg",
        "http://c.test:99999/1.jpg",
        "https:///photos/1.jpg",
        "https://a.test/photos/1.jpg\n",
        "https://a.test/pho tos/1.jpg",
        "https://[::1]/photos/1.jpg",
    ],
)
def test_refused(allowed: AllowList, url: str) -> None:
    with pytest.raises(SourceForbidden):
        allowed.web(url)


@pytest.mark.parametrize(
    "url",
    [
        "memory://bucket/folder-of-others/1.jpg",
        "memory://bucket/folder/../1.jpg",
        "memory://bucket/folder/a?/../../1.jpg",
        "memory://bucket/folder/a#/../../1.jpg",
        "memory://bucket/folder/%2e%2e/1.jpg",
        "memory://bucket/folder/..\\1.jpg",
        "memory://bucket/folder/a\0.jpg",
        "memory://other/1.jpg",
        "file:///etc/passwd",
        "simplecache::memory://bucket/folder/1.jpg",
        "memory://bucket/folder/1.zip::file:///etc/passwd",
        "zip://1.jpg::memory://bucket/folder/1.zip",
    ],
)
def test_refused_in_stores(allowed: AllowList, url: str) -> None:
    assert allowed.storage("memory://bucket/folder/1.jpg")
    with pytest.raises(SourceForbidden):
        allowed.storage(url)


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        ("a.test", "expected https://HOST/FOLDER/ or SCHEME://BUCKET/FOLDER/ for PIXELMILL_SOURCE_URLS, got 'a.test'"),
        ("file:///srv", "expected https://HOST/FOLDER/"),
        ("zip://a::memory://b", "expected https://HOST/FOLDER/"),
        ("nonsense://a", "expected a scheme that fsspec can read for nonsense://a"),
        ("https://a.*.test/", "expected a host, *.DOMAIN or *, and a port or none,"),
        ("https://a.test:99999/", "expected a host"),
        ("https://a.test/?x=", "expected the beginning of a URL"),
    ],
)
def test_lists_that_mean_nothing(urls: str, said: str) -> None:
    with pytest.raises(InvalidPipeline) as caught:
        AllowList(urls)
    assert str(caught.value).startswith(said)

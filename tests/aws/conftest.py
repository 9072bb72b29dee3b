"""One front for all tests; each test begins with an empty account, no faults and no lag. Fronts come out of one mould."""
import pytest

from harness import Front
from mould import Mould

CALM = {"latency_ms": 0, "tag_lag_s": 0, "creating_s": 0, "backups_s": 0, "saving_s": 0, "iam_lag_s": 0}


@pytest.fixture(scope="session", autouse=True)
def mould():
    Front.mould = Mould()
    yield
    Front.mould.end()
    Front.mould = None


@pytest.fixture(scope="session")
def shared_front(mould, tmp_path_factory):
    front = Front(str(tmp_path_factory.mktemp("front")))
    yield front
    front.stop()


@pytest.fixture
def front(shared_front):
    for method, what, value in (("POST", "reset", None), ("DELETE", "faults", None),
                                ("POST", "set", CALM), ("DELETE", "calls", None)):
        assert shared_front.control(method, what, value).status == 200
    before = len(shared_front.errors())
    yield shared_front
    assert shared_front.errors()[before:] == ""

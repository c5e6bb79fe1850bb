"""Two generated shops that the tests of this folder read."""

from pathlib import Path

import pytest

from customerbase.synthetic import Shop, make_shop


@pytest.fixture(scope="session")
def natural(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A natural shop of 120,000 lines, as CSV too."""
    return make_shop(tmp_path_factory.mktemp("natural"), n_lines=120_000, random_state=1, write_csv=True)


@pytest.fixture(scope="session")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop without seasons and guests."""
    return make_shop(tmp_path_factory.mktemp("flat"), n_lines=60_000, random_state=2, seasonality=0, guest_share=0)


@pytest.fixture(scope="session")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that does not exist yet."""
    return tmp_path_factory.mktemp("empty") / "a" / "b"

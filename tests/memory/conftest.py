import pytest

from tests.memory.doubles import FolderBlobs


@pytest.fixture
def blobs(tmp_path):
    return FolderBlobs(tmp_path / "blobs")

from importlib.metadata import version

import pytest

from streams.engine.seams import SEAMS, VERSIONS, Seam, fingerprint


@pytest.mark.parametrize("package", VERSIONS)
def test_the_libraries_are_the_ones_that_were_read(package: str):
    assert version(package) == VERSIONS[package]


@pytest.mark.parametrize("seam", SEAMS, ids=lambda seam: seam.name)
def test_a_seam_has_not_moved(seam: Seam):
    assert fingerprint(seam) == seam.fingerprint, f"{seam.module}:{seam.name} moved; {seam.use}. Read it again."

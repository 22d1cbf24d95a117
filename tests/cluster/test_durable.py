import pytest

from cluster.durable import put_if_absent, replace


@pytest.fixture
def temporaries(tmp_path):
    (tmp_path / "temporary").mkdir()
    return tmp_path / "temporary"


def test_the_first_content_stays(tmp_path, temporaries):
    assert put_if_absent(tmp_path / "x", b"first", temporaries=temporaries)
    assert not put_if_absent(tmp_path / "x", b"second", temporaries=temporaries)
    assert (tmp_path / "x").read_bytes() == b"first"
    assert list(temporaries.iterdir()) == []


def test_the_last_content_stays(tmp_path, temporaries):
    for content in (b"first", b"second"):
        replace(tmp_path / "x", content, temporaries=temporaries)
        assert (tmp_path / "x").read_bytes() == content
    assert list(temporaries.iterdir()) == []


@pytest.mark.parametrize("write", [put_if_absent, replace])
def test_a_temporary_file_that_is_swept_away_is_written_again(tmp_path, temporaries, write, monkeypatch):
    from cluster import durable

    tries = []

    def write_and_sweep(path, data, original=durable._write):
        original(path, data)
        tries.append(path)
        if len(tries) < 3:
            path.unlink()

    monkeypatch.setattr(durable, "_write", write_and_sweep)
    write(tmp_path / "x", b"content", temporaries=temporaries)
    assert (tmp_path / "x").read_bytes() == b"content"
    assert len(set(tries)) == 3


@pytest.mark.parametrize("write", [put_if_absent, replace])
def test_a_folder_that_is_gone_ends_the_tries(tmp_path, write):
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "x", b"content", temporaries=tmp_path / "gone")


@pytest.mark.parametrize("write", [put_if_absent, replace])
def test_endless_sweeping_ends_the_tries(tmp_path, temporaries, write, monkeypatch):
    monkeypatch.setattr("cluster.durable._write", lambda path, data: None)
    with pytest.raises(FileNotFoundError, match="vanish before"):
        write(tmp_path / "x", b"content", temporaries=temporaries)

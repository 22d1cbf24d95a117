import hashlib
import json
import signal
import subprocess
import sys

import pytest

from cluster.errors import JobFolderError
from cluster.folder import COMMIT_STEPS, JobFolder, Record, job_id
from tests.cluster.committer import IDENTITY, SHARDS, files, leftovers, run, stage
from tests.resources import open_files
from workers.shards import NpyFragment, Shard

OPEN_STEPS = ("temporary_written", "linked", "link_durable", "leftovers_removed")
ALL_STEPS = (*OPEN_STEPS, *COMMIT_STEPS * SHARDS, "leftovers_removed")
WHOLE = {f"part-{shard:06d}.parquet": b"rows of shard %d" % shard for shard in range(SHARDS)}


def test_a_job_from_start_to_end(tmp_path):
    before = open_files()
    steps = []
    job = run(tmp_path / "new" / "out", steps.append)
    assert tuple(steps) == ALL_STEPS
    assert files(job.path) == WHOLE
    assert leftovers(job.path) == []
    assert open_files() == before
    records = JobFolder.load(job.path).committed()
    assert list(records) == [0, 1, 2]
    assert [file.name for record in records.values() for file in record.files] == list(WHOLE)
    assert json.loads((job.path / "_shoal" / "report.json").read_text()) == {"rows": 3}
    assert job.job == job_id(IDENTITY) == JobFolder.load(job.path).job


@pytest.mark.parametrize("fatal", range(1, len(ALL_STEPS) + 1), ids=lambda fatal: f"{fatal}-{ALL_STEPS[fatal - 1]}")
def test_a_driver_killed_at_any_step_loses_and_doubles_nothing(tmp_path, fatal):
    killed = subprocess.run([sys.executable, "-m", "tests.cluster.committer", tmp_path, str(fatal)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert files(tmp_path).items() <= WHOLE.items()
    before = JobFolder.load(tmp_path).committed() if fatal > 1 else {}
    assert len(before) == ALL_STEPS[len(OPEN_STEPS) : fatal].count("linked")
    # A committed shard can be read even where its file is not published yet.
    for shard, record in before.items():
        with JobFolder.load(tmp_path).open_data(record.files[0]) as data:
            assert data.read() == b"rows of shard %d" % shard

    after = run(tmp_path).committed()
    assert files(tmp_path) == WHOLE
    assert list(after) == [0, 1, 2]
    assert before.items() <= after.items()  # what was committed is what it was
    assert leftovers(tmp_path) == []


class TestOpen:
    def test_another_job_is_refused_field_by_field(self, tmp_path):
        run(tmp_path)
        other = {
            "source": {"path": "/data/y.npy", "size_bytes": 80, "columns": ["a"]},
            "plan": ["a", "c"],
            "weights": None,
        }
        with pytest.raises(JobFolderError) as refusal:
            JobFolder.open(tmp_path, other, shards=3)
        assert str(refusal.value) == (
            f"{tmp_path} holds another job: "
            "plan[1] was 'b' and is now 'c'; "
            "predictor was 'models:Embed' and is now missing; "
            "source.columns was missing and is now ['a']; "
            "source.path was '/data/x.npy' and is now '/data/y.npy'; "
            "weights was missing and is now None. "
            "Resume it with what it was started with, choose another folder, or delete this one to start over"
        )
        assert files(tmp_path) == WHOLE

    def test_another_number_of_shards_is_refused(self, tmp_path):
        run(tmp_path)
        with pytest.raises(JobFolderError, match="number of shards was 3 and is now 4"):
            JobFolder.open(tmp_path, IDENTITY, shards=4)

    def test_tuples_and_lists_are_the_same_identity(self, tmp_path):
        JobFolder.open(tmp_path, {"plan": ("a", "b")}, shards=1)
        JobFolder.open(tmp_path, {"plan": ["a", "b"]}, shards=1)

    def test_a_job_that_committed_nothing_gives_its_folder_to_another(self, tmp_path):
        first = JobFolder.open(tmp_path, {"version": "1"}, shards=1)
        stage(first, 0, b"not to last")
        second = JobFolder.open(tmp_path, {"version": "2"}, shards=2)
        assert (second.job, second.shards) == (JobFolder.load(tmp_path).job, 2)
        assert second.job != first.job
        assert leftovers(tmp_path) == []

    def test_two_jobs_at_once_do_not_mix(self, tmp_path):
        first = JobFolder.open(tmp_path, {"version": "1"}, shards=1)
        second = JobFolder.open(tmp_path, {"version": "2"}, shards=1)  # takes over what the first still uses
        first.commit(stage(first, 0, b"of the first"))
        with pytest.raises(JobFolderError, match="two different jobs were started on it at once"):
            second.commit(stage(second, 0, b"of the second"))
        with pytest.raises(JobFolderError, match="two different jobs"):
            JobFolder.load(tmp_path).committed()

    def test_changed_code_says_how_to_go_on(self, tmp_path):
        digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("old", "new")}
        job = JobFolder.open(tmp_path, {"version": digests["old"], "plan": "a"}, shards=1)
        job.commit(stage(job, 0, b"rows"))
        with pytest.raises(JobFolderError) as refusal:
            JobFolder.open(tmp_path, {"version": digests["new"], "plan": "b"}, shards=1)
        message = str(refusal.value)
        short = {name: f"{digest[:12]}…" for name, digest in digests.items()}
        assert f"version was '{short['old']}' and is now '{short['new']}'. Resume" in message
        assert f"to go on with the code as it is now, pass version='{digests['old']}'" in message

    def test_a_folder_of_other_things_is_refused(self, tmp_path):
        (tmp_path / "thesis.tex").touch()
        with pytest.raises(JobFolderError, match=r"not empty and no job folder \(it holds thesis\.tex\)"):
            JobFolder.open(tmp_path, IDENTITY, shards=3)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]

    def test_a_file_is_refused(self, tmp_path):
        (tmp_path / "out").touch()
        with pytest.raises(JobFolderError, match="is a file"):
            JobFolder.open(tmp_path / "out", IDENTITY, shards=3)
        with pytest.raises(JobFolderError, match="Not a directory"):
            JobFolder.open(tmp_path / "out" / "inner", IDENTITY, shards=3)

    def test_a_folder_that_cannot_be_written_is_refused(self):
        with pytest.raises(JobFolderError, match=r"cannot use /proc/out as a job folder: .*must be writable"):
            JobFolder.open("/proc/out", IDENTITY, shards=3)

    def test_a_folder_of_a_later_version_is_refused(self, tmp_path):
        run(tmp_path)
        manifest = tmp_path / "_shoal" / "manifest.json"
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 2}))
        with pytest.raises(JobFolderError, match="job folder format 2, this version of shoal knows 1"):
            JobFolder.open(tmp_path, IDENTITY, shards=3)

    def test_only_a_job_folder_can_be_loaded(self, tmp_path):
        (tmp_path / "file").touch()
        for path, what in (
            (tmp_path, "is no job folder"),
            (tmp_path / "x", "does not exist"),
            (tmp_path / "file", "is a file"),
        ):
            with pytest.raises(JobFolderError, match=f"{path} {what}; expected"):
                JobFolder.load(path)


class TestCommit:
    def test_a_late_attempt_adopts_the_record_and_is_cleared_away(self, tmp_path):
        job = JobFolder.open(tmp_path, IDENTITY, shards=3)
        late = stage(job, 0, b"late", attempt=2)
        first = stage(job, 0, b"first")
        assert job.commit(first) == first
        assert leftovers(tmp_path) == []
        assert job.commit(late) == first  # although its file is gone
        again = stage(job, 0, b"again", attempt=3)
        assert job.commit(again) == first
        assert files(tmp_path) == {"part-000000.parquet": b"first"}
        assert leftovers(tmp_path) == []

    def test_committing_twice_is_committing_once(self, tmp_path):
        job = JobFolder.open(tmp_path, IDENTITY, shards=3)
        record = stage(job, 0, b"data")
        assert job.commit(record) == job.commit(record) == record
        assert files(tmp_path) == {"part-000000.parquet": b"data"}

    def test_other_shards_keep_their_staged_files(self, tmp_path):
        job = JobFolder.open(tmp_path, IDENTITY, shards=3)
        other = stage(job, 1, b"other")
        job.commit(stage(job, 0, b"data"))
        JobFolder.open(tmp_path, IDENTITY, shards=3)  # nor does another driver's recovery take them
        assert job.commit(other) == other

    def test_a_staged_file_that_is_not_what_the_worker_reported_is_refused(self, tmp_path):
        job = JobFolder.open(tmp_path, IDENTITY, shards=3)
        record = stage(job, 0, b"data")
        staged = job.staged_path(0, attempt=1, replica="w0")
        staged.write_bytes(b"da")
        with pytest.raises(JobFolderError, match=r"shard 0 cannot be committed: .* has 2 bytes, its writer reported 4"):
            job.commit(record)
        staged.unlink()
        with pytest.raises(JobFolderError, match="is missing"):
            job.commit(record)
        assert job.committed() == {}

    def test_several_files_are_one_shard(self, tmp_path):
        job = JobFolder.open(tmp_path, IDENTITY, shards=3)
        record = stage(job, 0, b"head")
        more = stage(job, 0, b"tail", attempt=2).files[0]
        more = type(more)(**{**vars(more), "name": "part-000000-1.parquet"})
        whole = Record(**{**vars(record), "files": (record.files[0], more)})
        assert job.commit(whole) == whole
        assert files(tmp_path) == {"part-000000.parquet": b"head", "part-000000-1.parquet": b"tail"}

    def test_names_of_replicas_make_no_paths(self, tmp_path):
        job = JobFolder.open(tmp_path, IDENTITY, shards=3)
        assert job.staged_path(0, attempt=1, replica="../../etc:1").parent == tmp_path / "_shoal" / "staged"

    def test_two_drivers_never_share_a_staged_name(self, tmp_path):
        names = {JobFolder.open(tmp_path, IDENTITY, shards=3).staged_path(0, attempt=1, replica="w0") for _ in range(2)}
        assert len(names) == 2


class TestRecover:
    def test_a_published_file_that_is_lost_is_said(self, tmp_path):
        run(tmp_path)
        (tmp_path / "part-000001.parquet").unlink()
        with pytest.raises(
            JobFolderError, match=r"part-000001\.parquet is missing; its record says 15 bytes.*000001\.json"
        ):
            JobFolder.open(tmp_path, IDENTITY, shards=3)
        (tmp_path / "_shoal" / "records" / "000001.json").unlink()
        run(tmp_path)
        assert files(tmp_path) == WHOLE

    def test_a_published_file_that_was_cut_short_is_said(self, tmp_path):
        run(tmp_path)
        (tmp_path / "part-000001.parquet").write_bytes(b"rows")
        with pytest.raises(JobFolderError, match="is 4 bytes long; its record says 15 bytes"):
            JobFolder.open(tmp_path, IDENTITY, shards=3)

    @pytest.mark.parametrize("damage", [b"", b"{", b"{}"])
    def test_a_damaged_record_is_said(self, tmp_path, damage):
        run(tmp_path)
        (tmp_path / "_shoal" / "records" / "000001.json").write_bytes(damage)
        with pytest.raises(JobFolderError, match=r"000001\.json is damaged"):
            JobFolder.open(tmp_path, IDENTITY, shards=3)

    def test_temporary_files_of_a_crash_are_deleted(self, tmp_path):
        run(tmp_path)
        (tmp_path / "_shoal" / "temporary" / "000001.json-abc").touch()
        JobFolder.open(tmp_path, IDENTITY, shards=3)
        assert leftovers(tmp_path) == []


def test_a_record_names_what_a_worker_staged():
    from workers.messages import Staged

    fragment = NpyFragment(path="/x.npy", column="data", size_bytes=1, mtime_ns=1)
    shard = Shard(index=12, id="000012-abc", fragment=fragment, start=0, stop=5)
    staged = Staged(path="/out/_shoal/staged/000012-1-w0.staged", rows=5, size_bytes=99, digest="d", schema="{}")
    record = Record.of(shard, staged, job="P-1", attempt=1, replica="w0", weights_epoch=2, weights_digest="w")
    assert [(file.name, file.staged, file.rows) for file in record.files] == [
        ("part-000012.parquet", "000012-1-w0.staged", 5)
    ]
    assert Record.from_dict(json.loads(json.dumps(record.to_dict()))) == record

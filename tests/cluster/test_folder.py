import hashlib
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from cluster.durable import LocalStep
from cluster.errors import JobFenced, JobFolderError, UsageError
from cluster.folder import JobFolder, Record, job_id
from cluster.stores import ObjectStep
from tests.cluster.committer import IDENTITY, SHARDS, WHOLE, contents, files, leftovers, run, run_and_die, stage
from tests.resources import open_files
from workers import storage
from workers.messages import Staged, StagedFile
from workers.shards import NpyFragment, Shard


@pytest.fixture(params=["path", "url"])
def place(request, tmp_path, bucket):
    """Where a job folder may be."""
    return str(tmp_path / "new" / "out") if request.param == "path" else f"{bucket}/new/out"


def test_a_job_from_start_to_end(place):
    before = open_files()
    steps = []
    job = run(place, steps.append)
    assert set(steps) == set(ObjectStep if storage.is_url(place) else LocalStep)
    assert files(place) == WHOLE
    assert leftovers(place) == []
    if not storage.is_url(place):  # connections to a store are kept
        assert open_files() == before
    records = JobFolder.load(place).committed()
    assert list(records) == [0, 1, 2]
    assert [file.name for record in records.values() for file in record.all_files] == list(WHOLE)
    assert json.loads(contents(place)["_shoal/report.json"]) == JobFolder.load(place).report() == {"rows": 3}
    assert job.job == job_id(IDENTITY) == JobFolder.load(place).job
    assert job.place == place


@pytest.mark.parametrize("fatal", [9, 16, 20, 21], ids=["manifest", "record", "published", "settled"])
def test_a_driver_killed_while_it_commits_loses_and_doubles_nothing(tmp_path, fatal):
    """A few of the steps; `make gates` takes each of them, on a folder and on an object store."""
    run_and_die(tmp_path, fatal)
    assert files(tmp_path).items() <= WHOLE.items()
    before = JobFolder.load(tmp_path).committed()
    # A committed shard can be read even where its file is not published yet.
    for shard, record in before.items():
        with JobFolder.load(tmp_path).open_data(record.files[0]) as data:
            assert data.read() == b"rows of shard %d" % shard

    after = run(tmp_path).committed()
    assert files(tmp_path) == WHOLE
    assert list(after) == list(range(SHARDS))
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

    def test_a_url_of_no_store_is_refused(self):
        with pytest.raises(UsageError, match=r"'hdfs://x/y' is no place that shoal can use; expected .*s3://"):
            JobFolder.open("hdfs://x/y", IDENTITY, shards=3)

    def test_a_bucket_that_is_not_there_is_refused(self, bucket):
        with pytest.raises(JobFolderError, match=r"no bucket 'nowhere-at-all'.*The bucket must be there"):
            JobFolder.open("s3://nowhere-at-all/out", IDENTITY, shards=3)

    def test_missing_credentials_are_said(self, bucket, monkeypatch):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")  # where a cloud's machines ask for them
        with pytest.raises(JobFolderError, match=r"no credentials for it in the environment; set AWS_ACCESS_KEY_ID"):
            JobFolder.open(bucket, IDENTITY, shards=3)

    def test_a_prefix_of_other_things_is_refused(self, bucket):
        with storage.open_output(f"{bucket}/out/thesis.tex"):
            pass
        with pytest.raises(JobFolderError, match=r"not empty and no job folder \(it holds thesis\.tex\)"):
            JobFolder.open(f"{bucket}/out", IDENTITY, shards=3)

    def test_a_folder_that_cannot_be_written_is_refused(self):
        with pytest.raises(JobFolderError, match=r"cannot use /proc/out as a job folder: .*must be writable"):
            JobFolder.open("/proc/out", IDENTITY, shards=3)

    def test_a_folder_of_another_version_is_refused(self, tmp_path):
        run(tmp_path)
        manifest = tmp_path / "_shoal" / "manifest.json"
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 1}))
        with pytest.raises(JobFolderError, match="job folder format 1, this version of shoal knows 2"):
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
    def test_a_late_attempt_adopts_the_record_and_is_cleared_away(self, place):
        job = JobFolder.open(place, IDENTITY, shards=3)
        late = stage(job, 0, b"late", attempt=2)
        first = stage(job, 0, b"first")
        assert job.commit(first) == first
        assert leftovers(place) == []
        assert job.commit(late) == first  # although its file is gone
        again = stage(job, 0, b"again", attempt=3)
        assert job.commit(again) == first
        assert files(place) == {"part-000000.parquet": b"first"}
        assert leftovers(place) == []

    def test_committing_twice_is_committing_once(self, place):
        job = JobFolder.open(place, IDENTITY, shards=3)
        record = stage(job, 0, b"data")
        assert job.commit(record) == job.commit(record) == record
        assert files(place) == {"part-000000.parquet": b"data"}

    def test_other_shards_keep_their_staged_files(self, place):
        job = JobFolder.open(place, IDENTITY, shards=3)
        other = stage(job, 1, b"other")
        job.commit(stage(job, 0, b"data"))
        JobFolder.open(place, IDENTITY, shards=3)  # nor does another driver's recovery take them
        assert job.commit(other) == other

    def test_a_staged_file_that_is_not_what_the_worker_reported_is_refused(self, place):
        job = JobFolder.open(place, IDENTITY, shards=3)
        record = stage(job, 0, b"data")
        longer = replace(record, files=(replace(record.files[0], size_bytes=5),))
        with pytest.raises(JobFolderError, match=r"shard 0 cannot be committed: .* has 4 bytes, its writer reported 5"):
            job.commit(longer)
        storage.remove(f"{job.staged_prefix(0, attempt=1, replica='w0')}.parquet.staged")
        with pytest.raises(JobFolderError, match="is missing"):
            job.commit(record)
        assert job.committed() == {}

    def test_a_shard_without_rows(self, place):
        job = JobFolder.open(place, IDENTITY, shards=1)
        record = stage(job, 0, dead=b"letters")
        assert job.commit(record) == record
        assert files(place) == {"_shoal/dead_letters/000000.parquet": b"letters"}
        assert JobFolder.load(place).committed() == {0: record}

    def test_many_commits_at_once(self, place):
        job = JobFolder.open(place, IDENTITY, shards=12)
        records = [stage(job, shard, b"%d" % shard) for shard in range(12)]
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(job.commit, records)) == records
        assert files(place) == {f"part-{shard:06d}.parquet": b"%d" % shard for shard in range(12)}
        assert leftovers(place) == []

    def test_names_of_replicas_make_no_paths(self, tmp_path):
        job = JobFolder.open(tmp_path, IDENTITY, shards=3)
        prefix = job.staged_prefix(0, attempt=1, replica="../../etc:1")
        assert prefix.startswith(f"{tmp_path}/_shoal/staged/000000-1-")
        assert prefix.count("/") == f"{tmp_path}/_shoal/staged/".count("/")

    def test_two_runs_never_share_a_staged_name(self, tmp_path):
        jobs = [JobFolder.open(tmp_path, IDENTITY, shards=3) for _ in range(2)]
        assert len({job.staged_prefix(0, attempt=1, replica="w0") for job in jobs}) == 2


class TestFence:
    def test_a_stale_driver_stops_at_its_next_check_and_what_it_wins_counts(self, place):
        stale = JobFolder.open(place, IDENTITY, shards=3)
        stale.check_fence()
        won = stage(stale, 0, b"stale")
        new = JobFolder.open(place, IDENTITY, shards=3)
        new.check_fence()
        assert stale.commit(won) == won
        with pytest.raises(
            JobFenced, match=r"another driver has taken .* over: process \d+ on .*\(number 2, this one is 1\)"
        ):
            stale.check_fence()
        assert new.committed() == {0: won}
        assert new.commit(stage(new, 0, b"new")) == won

    def test_a_stale_driver_writes_no_report_of_its_end(self, tmp_path):
        stale = JobFolder.open(tmp_path, IDENTITY, shards=3)
        assert stale.report() is None
        JobFolder.open(tmp_path, IDENTITY, shards=3).fail({"status": "failed"})
        stale.fail({"status": "fenced"})
        assert stale.report() == {"status": "failed"}

    def test_a_folder_that_was_deleted_is_said(self, tmp_path):
        job = JobFolder.open(tmp_path / "out", IDENTITY, shards=3)
        record = stage(job, 0, b"data")
        shutil.rmtree(tmp_path / "out")
        with pytest.raises(JobFolderError, match="the folder was deleted while the job ran"):
            job.check_fence()
        with pytest.raises(JobFolderError, match=r"shard 0 cannot be committed: .* is missing"):
            job.commit(record)
        job.fail({})
        assert not (tmp_path / "out").exists()

    def test_a_job_that_is_refused_takes_nothing_over(self, tmp_path):
        job = run(tmp_path)
        with pytest.raises(JobFolderError):
            JobFolder.open(tmp_path, {"predictor": "another"}, shards=3)
        job.check_fence()


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
    fragment = NpyFragment(path="/x.npy", column="data", size_bytes=1, mtime_ns=1)
    shard = Shard(index=12, id="000012-abc", fragment=fragment, start=0, stop=5)
    prefix = "s3://b/out/_shoal/staged/000012-1-w0-run"
    staged = Staged(
        (StagedFile(f"{prefix}.x.npy.staged", ".x.npy", 4, 90), StagedFile(f"{prefix}.y.npy.staged", ".y.npy", 4, 9)),
        rows=4,
        digest="d",
        schema="{}",
        dead=StagedFile(f"{prefix}.dead.parquet.staged", ".dead.parquet", 1, 50),
    )
    record = Record.of(
        shard, staged, job="P-1", run="run", attempt=1, replica="w0", weights_epoch=2, weights_digest="w"
    )
    assert [(file.name, file.staged, file.rows) for file in record.all_files] == [
        ("part-000012.x.npy", "000012-1-w0-run.x.npy.staged", 4),
        ("part-000012.y.npy", "000012-1-w0-run.y.npy.staged", 4),
        ("_shoal/dead_letters/000012.parquet", "000012-1-w0-run.dead.parquet.staged", 1),
    ]
    assert [record.suffix_of(file) for file in record.files] == [".x.npy", ".y.npy"]
    assert (record.rows, record.size_bytes, record.dead_rows) == (4, 99, 1)
    assert Record.from_dict(json.loads(json.dumps(record.to_dict()))) == record


def test_a_full_disk_and_a_read_only_one_are_said_and_cost_nothing_committed(tmp_path):
    mount = 'mount -t tmpfs -o size=256k,nr_inodes=200 tmpfs "$0"'
    own_namespace = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    try:
        possible = subprocess.run([*own_namespace, mount, tmp_path], check=False, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if possible.returncode:
        pytest.skip("needs user namespaces, to mount a small disk")
    program = f'{mount} && exec "$1" -m tests.cluster.small_disk "$0"'
    done = subprocess.run(
        [*own_namespace, program, tmp_path, sys.executable], check=False, capture_output=True, text=True
    )
    assert done.stdout == "done\n", done.stderr

"""The SLURM script, run for real with SLURM, Ray and shoal played by small scripts that note how they are called."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.infra.files import INFRA, parse_ray_start, parse_shoal
from tests.waiting import until

SCRIPT = INFRA / "slurm" / "shoal.sbatch"
JOB_ID = "4242"

# Runs its command once for each node, here, until it ends or is told to.
SRUN = """
pids=() told=
trap 'told=yes; kill -TERM "${pids[@]}" 2>/dev/null' TERM
for nodes; do [[ $nodes == --nodelist=* ]] && break; done
while [[ $1 == --* ]]; do shift; done
for node in $(tr , ' ' <<<"${nodes#*=}"); do [[ -n $told ]] || { "$@" & pids+=("$!"); }; done
[[ -z $told ]] || kill -TERM "${pids[@]}" 2>/dev/null
for pid in "${pids[@]}"; do while kill -0 "$pid" 2>/dev/null; do wait "$pid"; done; done
"""
SCONTROL = """
if [[ $1 == show ]]; then printf '%s\\n' n1 n2 n3; else note requeue "$(ls -A "$SLURM_SUBMIT_DIR")"; fi
"""
RAY = """
if [[ $1 == start ]]; then
  note token "$(stat -c '%a %U' "$RAY_AUTH_TOKEN_PATH") $(cat "$RAY_AUTH_TOKEN_PATH") $RAY_AUTH_MODE"
  note node "$$"
  note up "$(cat "$RAY_AUTH_TOKEN_PATH")"
  exec "$FAKES/forever"
fi
[[ -z ${FAKE_NO_HEAD:-} ]] || exit 1
until grep -q "^up.$(cat "$RAY_AUTH_TOKEN_PATH")" "$FAKES/notes"; do sleep 1; done
"""
SHOAL = """
note driver "$$ $RAY_ADDRESS ${RAY_AUTH_TOKEN-unset}"
[[ -z ${FAKE_HANGS:-} ]] || exec "$FAKES/forever"
exit "${FAKE_STATUS:-0}"
"""
# In place of the ray module: the script counts the nodes that are alive. Up are those that said so.
RAY_MODULE = """
import os, pathlib
def init(**options): assert os.environ["RAY_ADDRESS"]
def nodes():
    notes = pathlib.Path(os.environ["FAKES"], "notes").read_text().splitlines()
    token = pathlib.Path(os.environ["RAY_AUTH_TOKEN_PATH"]).read_text().strip()
    up = [line for line in notes if line == "up\\t" + token]
    return [{"Alive": True}] * min(len(up), int(os.environ.get("FAKE_AT_MOST", 3))) + [{"Alive": False}]
"""


@pytest.fixture
def slurm(tmp_path):
    played = Slurm(tmp_path)
    yield played
    for script in played.scripts:
        with suppress(ProcessLookupError):  # as it should be
            os.killpg(script.pid, signal.SIGKILL)
        script.communicate()


class Slurm:
    """A folder with the fakes on a PATH of its own, and what they noted."""

    def __init__(self, folder: Path) -> None:
        self.scripts: list[subprocess.Popen[str]] = []
        self.fakes, self.submitted_from, self.tmp = folder / "fakes", folder / "submit", folder / "tmp"
        for made in (self.fakes, self.submitted_from, self.tmp):
            made.mkdir()
        for command, body in {"srun": SRUN, "scontrol": SCONTROL, "ray": RAY, "shoal": SHOAL}.items():
            note = 'note() { printf "%s\\t%s\\n" "$1" "$2" >>"$FAKES/notes"; }\n'
            called = f'note {command} "$(printf "%q " "$@")"\n'
            self._write(command, f"#!/usr/bin/env bash\n{note}{called}{body}")
        self._write("forever", '#!/usr/bin/env bash\nread -r <>"$FAKES/never"\n')
        os.mkfifo(self.fakes / "never")
        (self.fakes / "python3").symlink_to(sys.executable)
        self._write("sleep", "#!/bin/sh\nexec /bin/sleep 0.01\n")  # the script asks again after a second
        (self.fakes / "ray.py").write_text(RAY_MODULE)
        (self.submitted_from / "job.toml").touch()

    def _write(self, name: str, text: str) -> None:
        (self.fakes / name).write_text(text)
        (self.fakes / name).chmod(0o755)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        script = subprocess.Popen(
            ["bash", SCRIPT, *arguments],
            cwd=self.submitted_from,
            env={
                "PATH": f"{self.fakes}:/usr/bin:/bin",
                "PYTHONPATH": str(self.fakes),
                "FAKES": str(self.fakes),
                "SHOAL_NODE_TMP": str(self.tmp),
                "SLURM_JOB_ID": JOB_ID,
                "SLURM_JOB_NODELIST": "n[1-3]",
                "SLURM_SUBMIT_DIR": str(self.submitted_from),
                "SLURM_CPUS_PER_TASK": "8",
                "SLURM_MEM_PER_NODE": "1000",
                "RAY_AUTH_TOKEN": "of another cluster",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.scripts.append(script)
        return script

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        script = self.start(*arguments, **environment)
        _, errors = script.communicate(timeout=150)
        return script.returncode, errors

    def noted(self, what: str) -> list[str]:
        path = self.fakes / "notes"
        lines = [line.split("\t", 1) for line in path.read_text().splitlines()] if path.exists() else []
        return [rest.strip() for name, rest in lines if name == what]

    def assert_nothing_is_left(self) -> None:
        assert [path.name for path in self.submitted_from.iterdir()] == ["job.toml"]
        assert list(self.tmp.iterdir()) == []
        pids = [*self.noted("node"), *(line.split()[0] for line in self.noted("driver"))]
        assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_a_run(slurm):
    status, errors = slurm.run("job.toml", "--replicas", "24")
    assert status == 0, errors
    ((_pid, address, token),) = (line.split() for line in slurm.noted("driver"))
    assert address.startswith("n1:")
    assert token == "unset"  # it would win over the file
    (arguments,) = map(shlex.split, slurm.noted("shoal"))
    given = parse_shoal(arguments)
    assert (given["backend"], given["replicas"], given["job"].name) == ("ray", 24, "job.toml")
    slurm.assert_nothing_is_left()
    assert slurm.noted("requeue") == []


def test_ray_is_started_once_on_each_node_with_options_that_it_has(slurm):
    slurm.run("job.toml")
    starts = [shlex.split(line)[1:] for line in slurm.noted("ray") if line.startswith("start ")]
    head, *workers = parse_ray_start(starts)
    assert head["head"]
    assert [worker["address"] for worker in workers] == [f"n1:{head['port']}"] * 2
    ports = {head["port"], int(head["ray_client_server_port"]), head["dashboard_agent_listen_port"]}
    assert len(ports) == 3
    assert all(1024 < port < 32768 for port in ports)
    assert {node["num_cpus"] for node in (head, *workers)} == {8}
    assert {node["object_store_memory"] for node in (head, *workers)} == {300 * 2**20}
    assert all(node["block"] for node in (head, *workers))


def test_another_job_gets_other_ports(slurm):
    slurm.run("job.toml")
    slurm.run("job.toml", SLURM_JOB_ID=str(int(JOB_ID) + 1))
    first, second = (line.split()[1] for line in slurm.noted("driver"))
    assert first != second


def test_the_token_is_fresh_and_for_this_user_only(slurm):
    slurm.run("job.toml")
    slurm.run("job.toml")
    tokens = [line.split() for line in slurm.noted("token")]
    assert len(tokens) == 6  # three nodes, twice
    assert {(mode, mode_of_ray) for mode, _, _, mode_of_ray in tokens} == {("600", "token")}
    assert len({token for _, _, token, _ in tokens}) == 2
    assert all(len(token) == 64 for _, _, token, _ in tokens)


def test_what_a_killed_run_left_is_no_hindrance(slurm):
    left = slurm.submitted_from / f".shoal-{JOB_ID}"
    left.mkdir()
    (left / "token").write_text("old")
    status, errors = slurm.run("job.toml")
    assert status == 0, errors
    assert "old" not in " ".join(slurm.noted("token"))


def test_the_status_of_shoal_is_passed_on(slurm):
    status, _ = slurm.run("job.toml", FAKE_STATUS="7")
    assert status == 7
    slurm.assert_nothing_is_left()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"FAKE_AT_MOST": "2"}, "all 3 nodes have joined: not within 0 s"),
        ({"FAKE_NO_HEAD": "1"}, "the head is up: not"),
    ],
)
def test_nodes_that_do_not_come_up_end_the_job_in_bounded_time(slurm, environment, message):
    status, errors = slurm.run("job.toml", SHOAL_JOIN_TIMEOUT_S="0", **environment)
    assert status == 1
    assert message in errors
    assert slurm.noted("shoal") == []
    slurm.assert_nothing_is_left()


@pytest.mark.parametrize("arguments", [[], ["no-such.toml"]])
def test_a_missing_job_file_is_told_before_anything_starts(slurm, arguments):
    status, errors = slurm.run(*arguments)
    assert status == 2
    assert errors.startswith("shoal.sbatch: ")
    assert slurm.noted("srun") == []


@pytest.mark.parametrize(
    ("sent", "expected", "requeued"), [(signal.SIGTERM, 143, 0), (signal.SIGINT, 130, 0), (signal.SIGUSR1, 138, 1)]
)
def test_a_signal_takes_everything_down_and_out_of_time_puts_the_job_back(slurm, sent, expected, requeued):
    script = slurm.start("job.toml", FAKE_HANGS="1")
    until(lambda: slurm.noted("driver"))
    script.send_signal(sent)
    script.communicate(timeout=150)
    assert script.returncode == expected
    slurm.assert_nothing_is_left()
    assert slurm.noted("requeue") == ["job.toml"] * requeued  # all that was left in the folder by then
    if requeued:
        assert f"requeue {JOB_ID}" in slurm.noted("scontrol")


def test_requeueing_has_an_end(slurm):
    script = slurm.start("job.toml", FAKE_HANGS="1", SLURM_RESTART_COUNT="10")
    until(lambda: slurm.noted("driver"))
    script.send_signal(signal.SIGUSR1)
    _, errors = script.communicate(timeout=150)
    assert "submit the job again" in errors
    assert slurm.noted("requeue") == []

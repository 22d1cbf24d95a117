"""The manifests for KubeRay: their form by schemas, what they refer to, and the job in them, run."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

import jsonschema
import kubernetes_validate
import numpy as np
import pytest

import tensor
from cluster import read_results
from cluster.jobs import Job
from tensor import nn
from tests.infra.files import INFRA, documents, locked, parse_ray_start, parse_shoal, shoal_commands

KUBERAY = INFRA / "kuberay"
KUBERNETES = ["1.30", kubernetes_validate.latest_version()]
OURS = [document for path in sorted(KUBERAY.glob("*.yaml")) for document in documents(path)]
RAY = [document for document in OURS if document["apiVersion"] == "ray.io/v1"]
BYTES = {"Mi": 2**20, "Gi": 2**30}


def the(kind):
    (found,) = (document for document in OURS if document["kind"] == kind)
    return found


def cluster_spec(document):
    return document["spec"].get("rayClusterSpec", document["spec"])


def groups(document):
    """The head's group and those of workers."""
    spec = cluster_spec(document)
    return [spec["headGroupSpec"], *spec["workerGroupSpecs"]]


def templates():
    for document in RAY:
        for group in groups(document):
            yield group["template"]["spec"]
        if "submitterPodTemplate" in document["spec"]:
            yield document["spec"]["submitterPodTemplate"]["spec"]


def size_bytes(quantity):
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", quantity).groups()
    return int(number) * BYTES[unit]


def test_there_is_what_the_page_promises():
    assert sorted(document["kind"] for document in OURS) == [
        "ConfigMap",
        "PersistentVolumeClaim",
        "RayCluster",
        "RayJob",
    ]


@pytest.mark.parametrize("document", RAY, ids=lambda document: document["kind"])
def test_the_fields_are_kuberays(document):
    schema = json.loads((INFRA.parent / "tests" / "infra" / "kuberay.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "spec": {**document["spec"], "workerGroups": []}}, schema)


@pytest.mark.parametrize("version", KUBERNETES)
def test_pods_and_all_else_are_kubernetes_own(version):
    for document in OURS:
        if document not in RAY:
            kubernetes_validate.validate(document, version, strict=True)
    for number, pod in enumerate(templates()):
        name = {"name": f"pod-{number}"}
        kubernetes_validate.validate(
            {"apiVersion": "v1", "kind": "Pod", "metadata": name, "spec": pod}, version, strict=True
        )
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(
            {"apiVersion": "v1", "kind": "Pod", "metadata": name, "spec": {**pod, "container": []}},
            version,
            strict=True,
        )


def test_what_is_mounted_exists():
    claims, configs = {the("PersistentVolumeClaim")["metadata"]["name"]}, {the("ConfigMap")["metadata"]["name"]}
    for pod in templates():
        volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
        mounted = {mount["name"] for container in pod["containers"] for mount in container.get("volumeMounts", [])}
        assert mounted == volumes.keys()
        for volume in volumes.values():
            assert volume.get("persistentVolumeClaim", {}).get("claimName") in {None, *claims}
            assert volume.get("configMap", {}).get("name") in {None, *configs}


@pytest.mark.parametrize("document", RAY, ids=lambda document: document["kind"])
def test_all_ray_nodes_share_the_storage_and_have_room_for_rays_objects(document):
    for group in groups(document):
        pod = group["template"]["spec"]
        (container,) = pod["containers"]
        mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert volumes[mounts["/data"]]["persistentVolumeClaim"]["claimName"] == "shoal-data"
        shared = volumes[mounts["/dev/shm"]]["emptyDir"]
        assert shared["medium"] == "Memory"
        memory = size_bytes(container["resources"]["limits"]["memory"])
        assert 0.3 * memory <= size_bytes(shared["sizeLimit"]) < memory  # Ray takes 30 %


def test_no_pod_is_root_or_takes_more_than_it_asks_for():
    for pod in templates():
        security = pod["securityContext"]
        assert security["runAsNonRoot"]
        assert security["runAsUser"] == security["runAsGroup"] == security["fsGroup"] == 1000
        assert not pod["automountServiceAccountToken"]
        for container in pod["containers"]:
            assert container["resources"]["requests"] == container["resources"]["limits"]
            assert not container["securityContext"]["allowPrivilegeEscalation"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("document", RAY, ids=lambda document: document["kind"])
def test_tokens_are_on_and_ray_is_the_images(document):
    spec = cluster_spec(document)
    assert spec["authOptions"] == {"mode": "token"}
    assert spec["rayVersion"] == locked(INFRA / "container" / "requirements.txt")["ray"]


def test_ray_takes_the_start_parameters_and_heads_run_no_replicas():
    lines = [
        [f"--{name}={value}" for name, value in group["rayStartParams"].items()]
        for document in RAY
        for group in groups(document)
    ]
    parsed = parse_ray_start(lines)
    assert [line["num_cpus"] for line in parsed] == [0, None, 0, None]  # head, workers; twice
    assert [line["dashboard_host"] for line in parsed[::2]] == ["0.0.0.0"] * 2


@pytest.fixture
def job_files(tmp_path):
    """The ConfigMap as the head sees it, links that Kubernetes swaps; but for where the storage is."""
    (tmp_path / "..version").mkdir()
    (tmp_path / "..data").symlink_to("..version")
    for name, text in the("ConfigMap")["data"].items():
        (tmp_path / "..version" / name).write_text(text.replace("/data/", f"{tmp_path}/data/"))
        (tmp_path / name).symlink_to(f"..data/{name}")
    (tmp_path / "data").mkdir()
    return tmp_path


def test_the_entrypoint_names_the_job_that_is_mounted(job_files):
    (arguments,) = shoal_commands(the("RayJob")["spec"]["entrypoint"])
    given = parse_shoal(arguments)
    assert given["backend"] == "ray"
    pod = cluster_spec(the("RayJob"))["headGroupSpec"]["template"]["spec"]
    (folder,) = (volume["name"] for volume in pod["volumes"] if "configMap" in volume)
    mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    job = PurePosixPath(given["job"])
    assert str(job.parent) == mounts[folder]
    assert job.name in the("ConfigMap")["data"]
    assert Job.from_file(job_files / job.name, backend=given["backend"]).backend == "ray"


def test_the_job_fits_the_cluster_and_lies_on_the_shared_storage(tmp_path):
    spec = cluster_spec(the("RayJob"))
    cpus = sum(
        group["replicas"] * int(group["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"])
        for group in spec["workerGroupSpecs"]
    )
    (tmp_path / "job.toml").write_text(the("ConfigMap")["data"]["job.toml"])
    job = Job.from_file(tmp_path / "job.toml")
    assert job.replicas * job.ray.num_cpus == cpus
    assert all(path.startswith("/data/") for path in (job.source.path, job.output, job.weights))


def test_the_job_runs(job_files):
    tensor.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    tensor.save(model.state_dict(), job_files / "data" / "model.safetensors")
    pixels = np.random.default_rng(0).uniform(0, 16, (50, 64)).astype(np.float32)
    np.save(job_files / "data" / "images.npy", pixels)
    report = Job.from_file(job_files / "job.toml", backend="inline", replicas=1).run(progress=False)
    assert report.rows == 50
    with tensor.inference_mode():
        expected = model(tensor.from_numpy(pixels)).argmax(dim=1).numpy()
    np.testing.assert_array_equal(read_results(job_files / "data" / "out")["digit"].numpy(), expected)


def test_a_retry_goes_on_and_the_cluster_goes_afterwards():
    spec = the("RayJob")["spec"]
    assert spec["backoffLimit"] > 0
    assert spec["shutdownAfterJobFinishes"]
    assert spec["submissionMode"] == "K8sJobMode"  # the only one with a pod for the template
    assert spec["submitterPodTemplate"]["spec"]["restartPolicy"] == "Never"

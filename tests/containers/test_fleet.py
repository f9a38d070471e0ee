"""All twelve containers: what they are called, what they may do, that they work, and that they survive a crash."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import httpx

import image_processing_pb2_grpc as rpc
from pixelmill.fleet.health import is_serving
from tests.containers.contract import HTTP_PORT, NETWORK, POOLS, ROOT, SERVICES
from tests.containers.engine import Project, docker
from tests.containers.requests import PICTURE, instances, process
from tests.fleet.pictures import noise, opened, png
from tests.fleet.processes import PATIENCE_S, wait_for

CLIENTS = 4
VICTIM = "filter-2"


def test_names_ports_and_network(fleet: Project) -> None:
    assert fleet.containers() == {service.container for service in SERVICES.values()}
    for service in SERVICES.values():
        found = fleet.inspect(service.name)
        published = {
            int(inside.removesuffix("/tcp")): {int(binding["HostPort"]) for binding in bindings}
            for inside, bindings in found["NetworkSettings"]["Ports"].items()
            if bindings
        }
        assert published == {inside: {outside} for inside, outside in service.ports.items()}
        assert found["NetworkSettings"]["Networks"].keys() == {NETWORK}


def test_every_published_port_answers_by_the_health_protocol(fleet: Project) -> None:
    for service in SERVICES.values():
        assert is_serving(f"localhost:{next(iter(service.ports.values()))}", 20), service.name


def test_http(fleet: Project) -> None:
    """On a read-only file system with little room for temporary files, a picture of many megabytes is no trouble."""
    big = png(noise(2600, 2600))
    assert len(big) > 16_000_000
    with httpx.Client(base_url=f"http://localhost:{HTTP_PORT}", timeout=PATIENCE_S, trust_env=False) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200, "the orchestrator to be ready")
        for files in ({"image": ("a.png", PICTURE)}, {"image": ("big.png", big)}):
            answer = client.post("/v1/process", files=files, data={"pipeline": "resize:64x | sepia | png"})
            assert answer.status_code == 200, answer.text
            assert opened(answer.content).width == 64
            assert [name.partition("-")[0] for name in answer.headers["x-pixelmill-instances"].split(", ")] == [
                "resize",
                "filter",
            ]
        pools = {pool["name"]: pool["instances"] for pool in client.get("/v1/fleet").json()["pools"]}
        assert {name: len(several) for name, several in pools.items()} == {name: len(pool) for name, pool in POOLS.items()}
        assert "<html" in client.get("/").text


def test_one_image_is_shared(fleet: Project) -> None:
    """By all services of a pool, and its layers by all pools: they are on the disk once."""
    images = {name: {fleet.inspect(one.name)["Image"] for one in pool} for name, pool in POOLS.items()}
    assert [len(several) for several in images.values()] == [1, 1, 1]
    everyone = {fleet.inspect(service)["Image"] for service in SERVICES}
    assert len({docker("image", "inspect", "--format", "{{.RootFS.Layers}}", image) for image in everyone}) == 1


def test_containers_restart_and_are_bounded(fleet: Project) -> None:
    for service in SERVICES:
        host = fleet.inspect(service)["HostConfig"]
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        assert host["NanoCpus"] > 0
        assert host["Memory"] > 0
        assert host["PidsLimit"] > 0
        assert host["LogConfig"]["Config"].keys() == {"max-size", "max-file"}


def test_containers_may_do_little(fleet: Project) -> None:
    script = "; ".join(
        [
            "id -u",
            "id -g",
            "grep -E '^(Cap(Prm|Eff|Bnd)|NoNewPrivs):' /proc/1/status",
            "touch /app/x /etc/x /opt/pixelmill/x",
            "touch /tmp/x && echo wrote",
        ]
    )
    for service in SERVICES:
        said = fleet.run_inside(service, script).splitlines()
        assert said[:2] == ["10001", "10001"]
        rights = dict(line.split(":\t") for line in said[2:6])
        assert rights == {"CapPrm": "0" * 16, "CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1"}
        assert [line.rpartition(": ")[2] for line in said[6:9]] == ["Read-only file system"] * 3
        assert said[9:] == ["wrote"]


WRITES_EVERYWHERE = """
import os
for folder, below, files in os.walk("/"):
    if folder == "/":
        below[:] = set(below) - {"proc", "sys"}
    try:
        probe = os.path.join(folder, ".probe")
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        os.unlink(probe)
        print(folder)
    except OSError:
        pass
    for path in (os.path.join(folder, file) for file in files):
        if os.path.isfile(path) and not os.path.islink(path):
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
                print(path)
            except OSError:
                pass
"""


def test_a_server_can_write_nothing_but_memory_and_little_of_it(fleet: Project) -> None:
    """It tries every folder and every file that it can see; what it may write to is gone when it ends."""
    for service in ("filter-1", "orchestrator"):
        mounts = {
            where: (kind, options)
            for _, where, kind, options, *_ in map(str.split, fleet.run_inside(service, "cat /proc/mounts").splitlines())
        }
        assert mounts["/"][1].split(",")[0] == "ro"
        assert mounts["/tmp"][0] == "tmpfs"
        written = fleet.run_inside(service, f"python -c '{WRITES_EVERYWHERE}'").splitlines()
        assert "/tmp" in written
        for path in written:
            home = max((where for where in mounts if Path(path).is_relative_to(where)), key=len)
            assert mounts[home][0] in ("tmpfs", "mqueue"), f"{path} is on {home}: {mounts[home]}"
        fill = "head -c 100000000 /dev/zero > /tmp/big; stat -c %s /tmp/big; rm /tmp/big; echo x > /proc/sys/kernel/hostname"
        said = fleet.run_inside(service, fill).splitlines()
        assert "No space left on device" in said[0]
        assert int(said[1]) <= 64 * 2**20
        assert "Read-only file system" in said[2] or "Permission denied" in said[2]


def test_a_server_says_once_each_time_it_starts_that_it_is_open(fleet: Project) -> None:
    for service in SERVICES.values():
        log = fleet.log(service.name, errors=True).splitlines()
        warnings = [line for line in log if " WARNING " in line]
        assert all("is open to everyone who can reach it, not encrypted" in line for line in warnings)
        told = [line.split(" WARNING ")[1].split()[0] for line in warnings]
        starts = len([line for line in log if " listening on " in line])
        assert Counter(told) == {f"[::]:{port}": starts for port in service.ports}


def test_the_health_check_fails_where_no_server_answers(fleet: Project) -> None:
    said = fleet.run_inside("resize-1", "rm -f /tmp/healthy; services/healthcheck 1 || echo unhealthy")
    assert said.splitlines()[-1] == "unhealthy"


def test_the_demo_works_from_outside(fleet: Project, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "client/pipeline_demo.py", "--output", str(tmp_path)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "sample-processed.png").stat().st_size > 0


def test_the_log_shows_a_request_with_another_instance_for_each_filter(
    fleet: Project, orchestrator: rpc.OrchestratorServiceStub
) -> None:
    wait_for(lambda: len(set(instances(process(orchestrator), "filter"))) == 3, "three instances for three filters")
    answer = process(orchestrator)
    lines = wait_for(lambda: lines_of(fleet.log("orchestrator"), answer.process_id), "the request in the log")
    patterns = [
        r"🖼️  STAGE 1: Resizing image\.\.\. \(using (resize-\d):50052\)",
        r"🎨 STAGE 2: Applying 3 filter\(s\)\.\.\.",
        r"   \[1/3\] Applying BLUR\.\.\. \(using (filter-\d):50053\)",
        r"   \[2/3\] Applying SHARPEN\.\.\. \(using (filter-\d):50053\)",
        r"   \[3/3\] Applying SEPIA\.\.\. \(using (filter-\d):50053\)",
        r"🏷️  STAGE 3: Adding watermark\.\.\. \(using (watermark-\d):50054\)",
    ]
    assert len(lines) == len(patterns)
    found = [re.fullmatch(pattern, line) for pattern, line in zip(patterns, lines, strict=True)]
    assert all(found), lines
    named = [name for match in found if match for name in match.groups()]
    assert len(set(named)) == 5
    assert {SERVICES[name].instance for name in named} == {hop.instance for hop in answer.trace.hops}


def lines_of(log: str, id: str) -> list[str]:
    """Return the lines of one request, without its last; none where it is not in the log yet."""
    lines = log.splitlines()
    end = next((number for number, line in enumerate(lines) if id in line), 0)
    return lines[max(0, end - 6) : end]


def test_a_killed_process_costs_no_request_and_comes_back(fleet: Project) -> None:
    before = fleet.inspect(VICTIM)
    wanted = {member.instance for member in POOLS["filter"]}
    enough, back = threading.Event(), threading.Event()
    failures: list[str] = []
    used_again: set[str] = set()

    def send_on() -> int:
        sent = 0
        with grpc.insecure_channel("localhost:50055", options=[("grpc.max_receive_message_length", -1)]) as channel:
            stub = rpc.OrchestratorServiceStub(channel)
            while not enough.is_set():
                try:
                    answer = process(stub)
                except grpc.RpcError as error:
                    failures.append(str(error))
                    return sent
                sent += 1
                if back.is_set():
                    used_again.update(instances(answer, "filter"))
        return sent

    with ThreadPoolExecutor(CLIENTS) as clients:
        senders = [clients.submit(send_on) for _ in range(CLIENTS)]
        try:
            fleet.kill_process(VICTIM)
            wait_for(lambda: fleet.inspect(VICTIM)["RestartCount"] > before["RestartCount"], f"{VICTIM} to be restarted")
            fleet.wait_until_healthy(VICTIM)
            back.set()
            wait_for(lambda: failures or used_again == wanted, f"{VICTIM} to be used again")
        finally:
            enough.set()
        assert all(sender.result() > 0 for sender in senders)
    assert failures == []
    assert fleet.inspect(VICTIM)["State"]["Pid"] != before["State"]["Pid"]


def test_a_stopped_service_is_passed_over_and_used_again(fleet: Project, orchestrator: rpc.OrchestratorServiceStub) -> None:
    everyone = {member.instance for member in POOLS["resize"]}
    others = everyone - {SERVICES["resize-3"].instance}
    fleet.compose("stop", "resize-3")
    assert fleet.inspect("resize-3")["State"]["ExitCode"] == 0, "expected an orderly end"
    assert {hop for _ in range(9) for hop in instances(process(orchestrator), "resize")} == others
    fleet.compose("start", "resize-3")
    seen: set[str] = set()

    def all_used() -> bool:
        seen.update(instances(process(orchestrator), "resize"))
        return seen == everyone

    wait_for(all_used, "resize-3 to be used again")


def test_the_orchestrator_ends_in_order(fleet: Project) -> None:
    fleet.compose("stop", "orchestrator")
    try:
        assert fleet.inspect("orchestrator")["State"]["ExitCode"] == 0
    finally:
        fleet.compose("start", "orchestrator")

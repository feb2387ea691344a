"""docker-compose.yml and the image: what they start, what they mount, and that the settings exist."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.envfile import commented
from schemas.contract import template
from streams.broker import KAFKA_VERSION
from streams.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
OURS = ("gateway", "worker-1", "worker-2", "page")
WATCH = ("prometheus", "alertmanager", "grafana")
TRACES = ("jaeger",)
KNOWN = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def test_it_starts_kafka_the_gateway_two_workers_and_the_page(compose: dict[str, Any]):
    started = {name for name, service in compose["services"].items() if "profiles" not in service}
    assert started == {"kafka", *OURS}
    commands = {name: compose["services"][name]["command"] for name in OURS}
    assert commands == {"gateway": ["gateway"], "worker-1": ["worker"], "worker-2": ["worker"], "page": ["page"]}


def test_kafka_is_the_version_that_tests_run_on_and_one_kraft_broker(compose: dict[str, Any]):
    kafka = compose["services"]["kafka"]
    assert kafka["image"] == f"apache/kafka:{KAFKA_VERSION}"
    env = kafka["environment"]
    assert env["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert env["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert "kafka:9092" in env["KAFKA_ADVERTISED_LISTENERS"]
    assert kafka["healthcheck"]["test"][0] == "CMD"
    assert f"kafka:{env['KAFKA_LOG_DIRS']}" in kafka["volumes"]


def test_every_setting_exists_and_is_usable(compose: dict[str, Any]):
    for name in OURS:
        given = compose["services"][name]["environment"]
        assert set(given) <= KNOWN, name
        made = Settings.model_validate({key.removeprefix(PREFIX).lower(): value for key, value in given.items()})
        assert made.broker == "kafka:9092"


def test_each_worker_has_its_own_name_and_state(compose: dict[str, Any]):
    workers = [compose["services"][name] for name in ("worker-1", "worker-2")]
    names = {each["environment"]["REVMARK_WORKER"] for each in workers}
    volumes = {mount for each in workers for mount in each["volumes"] if isinstance(mount, str)}
    assert len(names) == len(volumes) == len(workers)
    for each in workers:
        state = each["environment"]["REVMARK_STATE"]
        assert [mount for mount in each["volumes"] if isinstance(mount, str) and mount.endswith(f":{state}")]
        assert {mount.partition(":")[0] for mount in each["volumes"] if isinstance(mount, str)} <= set(
            compose["volumes"]
        )


def test_workers_see_the_contract_read_only_and_settings_come_from_the_file(compose: dict[str, Any]):
    for name in ("worker-1", "worker-2"):
        service = compose["services"][name]
        (mount,) = [each for each in service["volumes"] if isinstance(each, dict)]
        assert mount["source"] == "./contract.yaml"
        assert mount["target"] == service["environment"]["REVMARK_CONTRACT"]
        assert mount["read_only"] is True
        assert mount["bind"]["create_host_path"] is False
    for name in OURS:
        assert compose["services"][name]["env_file"] == [{"path": "revmark.env", "required": False}]


def test_ports_stay_on_this_machine(compose: dict[str, Any]):
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert len(published) == 3 + len(WATCH) + len(TRACES)
    assert all(port.startswith("127.0.0.1:") or ":-127.0.0.1:" in port for port in published)


def test_the_page_knows_where_it_is_published(compose: dict[str, Any]):
    page = compose["services"]["page"]
    (port,) = page["ports"]
    assert port == f"{page['environment']['REVMARK_PAGE_PUBLISHED']}:8090"
    assert page["hostname"] == "page"  # as Prometheus calls it


def test_metrics_of_workers_are_for_the_network_inside(compose: dict[str, Any], dockerfile: str):
    for name in ("worker-1", "worker-2"):
        service = compose["services"][name]
        port = service["environment"]["REVMARK_METRICS_PORT"]
        assert service["expose"] == [port]
        assert "ports" not in service
        assert service["environment"]["REVMARK_METRICS_HOST"] == "0.0.0.0"  # noqa: S104 - within the network only
        assert port in re.search(r"^EXPOSE (.+)$", dockerfile, re.MULTILINE)[1].split()  # type: ignore[index]


def test_our_containers_hold_no_more_rights_than_they_need(compose: dict[str, Any]):
    for name in OURS:
        service = compose["services"][name]
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["depends_on"]["kafka"]["condition"] == "service_healthy"


def test_what_watches_starts_only_when_asked_for_and_finds_its_files(compose: dict[str, Any]):
    asked = {name: service for name, service in compose["services"].items() if "profiles" in service}
    assert set(asked) == {*WATCH, *TRACES}
    watching = {name: asked[name] for name in WATCH}
    for name, service in watching.items():
        assert service["profiles"] == ["watch"]
        assert service["cap_drop"] == ["ALL"]
        for mount in service["volumes"]:
            source = mount.rpartition(":/")[0]
            assert source.startswith("${") or (ROOT / source).is_dir() or source in compose["volumes"], mount
        assert name in compose["volumes"], "what it has gathered outlives it"


def test_traces_have_a_profile_of_their_own_where_spans_are_taken_and_grafana_asks(compose: dict[str, Any]):
    jaeger = compose["services"]["jaeger"]
    assert jaeger["profiles"] == ["traces"]
    assert jaeger["cap_drop"] == ["ALL"]
    said = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"`REVMARK_TRACES=http://jaeger:{jaeger['expose'][0]}`" in said
    folder = ROOT / "deploy" / "grafana" / "provisioning" / "datasources"
    (source,) = yaml.safe_load((folder / "jaeger.yaml").read_text(encoding="utf-8"))["datasources"]
    assert source["type"] == "jaeger"
    assert source["url"] == f"http://jaeger:{jaeger['ports'][0].rpartition(':')[2]}"


def test_prometheus_asks_every_process_of_ours_where_it_answers(compose: dict[str, Any]):
    said = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yaml").read_text(encoding="utf-8"))
    asked = {target for job in said["scrape_configs"] for part in job["static_configs"] for target in part["targets"]}
    ports = {"gateway": "REVMARK_GATEWAY_PORT", "page": "REVMARK_PAGE_PORT"}
    told = {
        f"{name}:{compose['services'][name]['environment'][ports.get(name, 'REVMARK_METRICS_PORT')]}" for name in OURS
    }
    assert asked == told
    mounted = {mount.split(":")[1] for mount in compose["services"]["prometheus"]["volumes"]}
    assert {str(Path(each).parent) for each in said["rule_files"]} <= mounted


def test_names_for_compose_are_no_settings_of_ours():
    # A variable with our prefix that is no setting would keep the command line on this machine from starting.
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)", text))
    assert asked
    assert not [name for name in asked if name.startswith(PREFIX)]


def test_the_image_is_small_pinned_and_not_root(dockerfile: str, compose: dict[str, Any]):
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {"python:3.13-slim"}
    assert "-c deploy/constraints.txt '.[traces]'" in dockerfile
    assert "\nUSER revmark\n" in dockerfile
    assert 'ENTRYPOINT ["revmark"]' in dockerfile
    assert compose["services"]["gateway"]["build"]["dockerfile"] == "deploy/Dockerfile"


def test_what_the_image_copies_is_let_through_and_holds_every_package(dockerfile: str):
    let_through = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    sources = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert set(sources) == let_through
    assert all((ROOT / source).exists() for source in sources)
    packages = set(re.findall(r'"(\w+)\*"', re.search(r"include = \[(.+)\]", _pyproject())[1]))  # type: ignore[index]
    assert packages <= set(sources)


def test_the_wheel_takes_every_file_that_is_no_module():
    # The image is installed from a wheel: a data file of a new kind would be missing there, and only there.
    patterns = re.findall(r'"\*(\.\w+)"', re.search(r'^"\*" = \[(.+)\]', _pyproject(), re.MULTILINE)[1])  # type: ignore[index]
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    rooms = ["schemas", "tables", "streams", "agents", "console", "sandbox"]
    listed = subprocess.run([git, "ls-files", *rooms], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - found above
    data = [Path(name) for name in listed.stdout.split() if Path(name).suffix not in {".py", ".md"}]
    assert data
    assert not [str(path) for path in data if path.suffix not in patterns and path.name != "py.typed"]


def _pyproject() -> str:
    return (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def _compose(*arguments: str, folder: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("the docker command is not installed")
    command = [docker, "compose", "-f", str(folder / "docker-compose.yml")]
    if subprocess.run([*command, "version"], capture_output=True, check=False).returncode:  # noqa: S603 - found above
        pytest.skip("the docker command has no compose plugin")
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - same


def test_docker_compose_accepts_it():
    said = _compose("config", "--quiet")
    assert said.returncode == 0, said.stderr
    assert not said.stderr


def test_docker_compose_hands_on_the_settings_file_as_it_stands(tmp_path: Path):
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    (tmp_path / "contract.yaml").write_text(template(), encoding="utf-8")
    lines = {"REVMARK_TENANT": "acme", "REVMARK_SECRET_KEY": "", "REVMARK_BROKER": "elsewhere:9092"}
    kept = [line for line in commented(bytes(32)).splitlines() if line.partition("=")[0] not in {*lines, ""}]
    text = "\n".join([*kept, "REVMARK_TENANT=acme", "REVMARK_SECRET_KEY=a+b/c=", "REVMARK_BROKER=elsewhere:9092"])
    (tmp_path / "revmark.env").write_text(text, encoding="utf-8")
    said = _compose("config", "--format", "json", folder=tmp_path)
    assert said.returncode == 0, said.stderr
    for name, service in yaml.safe_load(said.stdout)["services"].items():
        if name in OURS:
            assert set(service["environment"]) <= KNOWN
            assert service["environment"]["REVMARK_TENANT"] == "acme"
            assert service["environment"]["REVMARK_SECRET_KEY"] == "a+b/c="
            assert service["environment"]["REVMARK_BROKER"] == "kafka:9092", "compose's own addresses win"

"""Without a container engine: everything that compose.yaml and the Dockerfile name exists, and secrets go where they may."""

import json
import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from api.public import CACHE_CONTROL
from crisis.cli.app import app
from crisis.settings import SECRETS, Settings

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "crisis"}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
INSTRUCTIONS = [line.split(None, 1) for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
TOP_KEYS = {"services", "configs", "secrets", "networks", "volumes"}
SERVICE_KEYS = {
    *("image", "build", "init", "restart", "read_only", "tmpfs", "cap_drop", "security_opt", "stop_grace_period"),
    *("command", "environment", "secrets", "configs", "networks", "ports", "volumes", "depends_on", "healthcheck"),
    "shm_size",
}


def variables(service: dict[str, Any]) -> set[str]:
    return {name for name in service.get("environment", {}) if name.startswith("CRISIS_")}


def settings_variables() -> set[str]:
    return {f"CRISIS_{name.upper()}" for name in Settings.model_fields} | {"CRISIS_SECRETS_DIR"}


def check_module(arguments: list[str]) -> None:
    """Every module a command line names is one that Python finds."""
    named = [a.split(":")[0] for a in arguments if re.fullmatch(r"[a-z_.]+:[a-z_]+", a)]
    for module in named:
        assert find_spec(module), module


def check_command(command: list[str]) -> None:
    """``crisis <command> <options>`` parses, a module or program exists."""
    program, *arguments = command
    if program == "crisis":
        name, *options = arguments
        group = typer.main.get_command(app)
        chosen = group.get_command(None, name)
        assert chosen is not None, name
        context = chosen.make_context(name, list(options), resilient_parsing=False)
        assert not context.args
    else:
        assert program == "python"
        assert arguments[0] in {"-m", "-c"}
        if arguments[0] == "-m":
            assert find_spec(arguments[1]), arguments[1]
            check_module(arguments)
        else:
            compile(arguments[1], "healthcheck", "exec")


def test_the_services_are_these() -> None:
    assert OURS.keys() == {"api", "worker", "worker-exercise", "beat", "conductor", "migrate", "sandbox"}
    assert SERVICES.keys() - OURS.keys() == {"postgres", "redis", "web"}
    assert {key for key in COMPOSE if not key.startswith("x-")} == TOP_KEYS
    for name, service in SERVICES.items():
        assert service.keys() <= SERVICE_KEYS, name


@pytest.mark.parametrize("name", OURS)
def test_every_command_exists(name: str) -> None:
    dockerfile = next(json.loads(rest) for verb, rest in reversed(INSTRUCTIONS) if verb == "CMD")
    check_command(OURS[name].get("command", dockerfile))


@pytest.mark.parametrize("name", OURS)
def test_every_health_check_names_what_exists(name: str) -> None:
    test = OURS[name].get("healthcheck", {}).get("test")
    if test and test[0] == "CMD":
        check_command(test[1:])
    elif test:
        check_command(shlex.split(test[1]))


def test_everything_has_a_health_check_or_ends() -> None:
    image_has_one = any(verb == "HEALTHCHECK" for verb, _ in INSTRUCTIONS)
    assert image_has_one
    assert OURS["migrate"]["healthcheck"] == {"disable": True}
    without = {name for name, service in SERVICES.items() if "test" not in service.get("healthcheck", {})}
    assert without == {"api", "migrate"}  # the API's is the image's


def test_the_image_health_check_asks_the_port_it_serves() -> None:
    check = next(rest for verb, rest in INSTRUCTIONS if verb == "HEALTHCHECK")
    command = json.loads(check[check.index("CMD") + 3 :])
    check_command(command)
    port = re.search(r"127\.0\.0\.1:(\d+)/healthz", command[2])
    assert port
    served = next(json.loads(rest) for verb, rest in reversed(INSTRUCTIONS) if verb == "CMD")
    assert served[served.index("--port") + 1] == port[1]


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str) -> None:
    assert variables(OURS[name]) <= settings_variables()
    for secret in OURS[name].get("secrets", []):
        assert secret in Settings.model_fields


def test_every_example_variable_is_a_setting_or_used() -> None:
    named = set(re.findall(r"^#?([A-Z][A-Z_]+)=", EXAMPLE, flags=re.MULTILINE))
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    passed = set().union(*(variables(service) for service in OURS.values()))
    assert used <= named
    assert named <= used | passed


def test_the_exercise_worker_has_no_secret_and_no_way_out() -> None:
    service = OURS["worker-exercise"]
    secret = {f"CRISIS_{name.upper()}" for name in SECRETS}
    assert not variables(service) & secret
    assert service["secrets"] == ["sandbox_token"]
    assert not set(service["secrets"]) & set(SECRETS)
    assert all(COMPOSE["networks"][name]["internal"] for name in service["networks"])
    assert service["command"][1:4] == ["worker", "--mode", "exercise"]
    assert not any("/var/lib/crisis/public" in volume for volume in service["volumes"])


def test_the_conductor_has_what_the_exercise_worker_has_and_no_more() -> None:
    conductor, worker = OURS["conductor"], OURS["worker-exercise"]
    for key in ("environment", "secrets", "networks", "depends_on"):
        assert conductor[key] == worker[key], key
    assert "volumes" not in conductor


@pytest.mark.parametrize("name", ["beat", "migrate", "sandbox"])
def test_processes_that_send_nothing_hold_no_provider_secret(name: str) -> None:
    service = OURS[name]
    assert not variables(service) & {f"CRISIS_{secret.upper()}" for secret in SECRETS}
    assert not set(service.get("secrets", [])) & set(SECRETS)


def test_the_actual_worker_can_be_given_every_provider_secret() -> None:
    service = OURS["worker"]
    given = {name.removeprefix("CRISIS_").lower() for name in variables(service)} | set(service["secrets"])
    assert set(SECRETS) - {"oidc_client_secret"} <= given  # that one is the desk's alone
    assert "CRISIS_OIDC_CLIENT_SECRET" in variables(OURS["api"]) - variables(service)


def test_no_secret_is_written_in_the_file() -> None:
    for name, service in SERVICES.items():
        for variable, value in (service.get("environment") or {}).items():
            if variable.removeprefix("CRISIS_").lower() in SECRETS or "PASSWORD" in variable:
                assert value is None or value.startswith("${"), f"{name}: {variable}"


def test_containers_run_as_nobody_in_particular_and_cannot_write_but_where_they_must() -> None:
    last_user = next(rest for verb, rest in reversed(INSTRUCTIONS) if verb == "USER")
    assert last_user == "crisis"
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
    for name, service in OURS.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_everything_a_service_refers_to_is_declared() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= SERVICES.keys(), name
        assert set(service["networks"]) <= COMPOSE["networks"].keys(), name
        assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys(), name
        assert {config["source"] for config in service.get("configs", [])} <= COMPOSE["configs"].keys(), name
        assert {volume.split(":")[0] for volume in service.get("volumes", [])} <= COMPOSE["volumes"].keys(), name
        for other, needs in service.get("depends_on", {}).items():
            if needs["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"], f"{name} waits for {other}"


def test_hosts_in_addresses_are_services_on_a_shared_network() -> None:
    for name, service in OURS.items():
        for variable in variables(service):
            value = service["environment"][variable] or ""
            for host in re.findall(r"(?:@|http://)([a-z-]+):\d+", value):
                assert set(SERVICES[host]["networks"]) & set(service["networks"]), f"{name}: {variable}"


def test_the_public_page_depends_on_nothing() -> None:
    assert "depends_on" not in SERVICES["web"]
    assert SERVICES["web"]["volumes"] == ["public:/srv/public:ro"]
    served = (ROOT / COMPOSE["configs"]["web"]["file"]).read_text(encoding="utf-8")
    assert "root /srv/public;" in served
    assert f'"{CACHE_CONTROL}"' in served, "the same promise whoever serves it"


def test_volumes_are_where_the_settings_look() -> None:
    home = next(rest for verb, rest in reversed(INSTRUCTIONS) if verb == "ENV").split("CRISIS_HOME=")[1].split()[0]
    settings = Settings(home=Path(home))
    assert f"public:{settings.crisis_page_dir}" in OURS["worker"]["volumes"]
    assert f"exercise:{settings.exercise_page_dir.parent}" in OURS["worker-exercise"]["volumes"]
    made = next(rest for verb, rest in INSTRUCTIONS if verb == "RUN" and "useradd" in rest)
    assert str(settings.crisis_page_dir) in made
    assert str(settings.exercise_page_dir.parent) in made


def test_what_is_uploaded_is_spooled_where_there_is_room_and_to_its_owner_alone() -> None:
    api = OURS["api"]
    folder = api["environment"]["TMPDIR"]
    assert f"uploads:{folder}" in api["volumes"], "a volume is on disk; /tmp is memory"
    assert folder not in " ".join(api["tmpfs"])
    made = next(rest for verb, rest in INSTRUCTIONS if verb == "RUN" and "useradd" in rest)
    assert f"install -d -o crisis -g crisis -m 0700 {folder}" in " ".join(made.split())
    assert not any("uploads" in volume for name in OURS.keys() - {"api"} for volume in OURS[name].get("volumes", []))


def test_every_copied_path_exists_and_is_let_into_the_build() -> None:
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [rest.split()[:-1] for verb, rest in INSTRUCTIONS if verb == "COPY" and "--from" not in rest]
    for path in (path for paths in copied for path in paths):
        assert (ROOT / path).exists(), path
        assert f"!{path}" in allowed, path
    assert {line[1:] for line in allowed if line.startswith("!")} == {path for paths in copied for path in paths}

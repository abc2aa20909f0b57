"""What is shipped to run Dossier: the compose file, the image, the proxies, and the list of settings."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

import core.errors
from app.preflight import UTILISATION
from core.egress import QUIET
from core.settings import Settings, described

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
GDPR = {name for name, service in SERVICES.items() if "gdpr" in service["profiles"]}
STANDARD = {name for name, service in SERVICES.items() if "standard" in service["profiles"]}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def networks_of(name: str) -> set[str]:
    """The networks that a service is on, also when it shares those of another."""
    service = SERVICES[name]
    if shared := service.get("network_mode"):
        return networks_of(shared.removeprefix("service:"))
    return set(service["networks"])


def internal(network: str) -> bool:
    return bool((COMPOSE["networks"][network] or {}).get("internal"))


# ── the compose file ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_service_belongs_to_a_profile_so_that_privacy_is_chosen_and_not_fallen_into() -> None:
    assert all(set(service["profiles"]) <= {"standard", "gdpr"} for service in SERVICES.values())
    assert {"qdrant", "door", "app"} == STANDARD
    assert {"qdrant", "front", "gdpr-door", "gdpr-app", "llama", "vllm"} == GDPR


def test_images_are_pinned_by_a_full_version() -> None:
    for name, service in SERVICES.items():
        tag = service["image"].partition(":")[2]
        assert re.match(r"v?\d+\.\d+\.\d+", tag), f"{name}: {service['image']}"


def test_nothing_that_holds_documents_has_a_way_out_in_gdpr_mode() -> None:
    for name in GDPR - {"front"}:
        assert all(internal(network) for network in networks_of(name)), name


def test_only_the_front_stands_on_both_sides_and_holds_no_data() -> None:
    assert {name for name in GDPR if not all(map(internal, networks_of(name)))} == {"front"}
    assert [mount for mount in SERVICES["front"]["volumes"] if "nginx.conf:ro" not in mount] == []
    assert "env_file" not in SERVICES["front"]


def test_the_desk_reaches_the_llama_through_the_proxy_alone() -> None:
    assert "model" not in networks_of("gdpr-app")
    assert networks_of("vllm") == {"model"}
    assert networks_of("llama") == {"back", "model"}
    assert SERVICES["gdpr-app"]["environment"]["DOSSIER_LLAMA_URL"] == "http://llama:8080/v1"


def test_ports_are_published_on_loopback_only_and_none_of_vllm_or_qdrant() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"door", "front"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_gdpr_mode_is_sealed_in_the_process_too() -> None:
    assert SERVICES["gdpr-app"]["environment"]["DOSSIER_PRIVACY"] == "gdpr"
    assert SERVICES["app"]["environment"]["DOSSIER_PRIVACY"] == "standard"


def test_telemetry_of_the_servers_is_off() -> None:
    assert SERVICES["qdrant"]["environment"]["QDRANT__TELEMETRY_DISABLED"] == "true"
    vllm = SERVICES["vllm"]["environment"]
    for name in ("VLLM_NO_USAGE_STATS", "VLLM_DO_NOT_TRACK", "DO_NOT_TRACK", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        assert vllm[name] == QUIET[name]


def test_vllm_fits_its_window_to_the_card_and_logs_no_prompts() -> None:
    command = SERVICES["vllm"]["command"]
    assert isinstance(command, str), "LLAMA_FLAGS may be several flags or none"
    flags = command.split()
    assert {"--max-model-len=${MAX_MODEL_LEN:-auto}", "--no-enable-log-requests", "--enable-prefix-caching"} <= set(
        flags
    )
    assert flags[-1] == "${LLAMA_FLAGS:-}"
    assert f"--gpu-memory-utilization={UTILISATION:.2f}" in flags


def test_models_are_mounted_read_only() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", ()) if "/models" in mount]
    assert len(mounts) == 3
    assert all(mount.endswith(":ro") for mount in mounts)


def test_every_service_is_hardened_and_comes_back() -> None:
    for service in SERVICES.values():
        assert service["restart"] == "unless-stopped"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "healthcheck" in service or service["image"].startswith("dossier:")  # the image has its own


def test_names_that_the_compose_file_uses_exist() -> None:
    for name, service in SERVICES.items():
        wanted = {*service.get("depends_on", ()), *re.findall(r"service:(\S+)", service.get("network_mode", ""))}
        assert wanted <= set(SERVICES), name
        assert networks_of(name) <= set(COMPOSE["networks"])
        for other in wanted:
            assert set(service["profiles"]) <= set(SERVICES[other]["profiles"]), f"{name} needs {other} in its profile"
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).is_file(), mount
            elif not source.startswith("${"):
                assert source in COMPOSE["volumes"]


def test_settings_given_to_the_containers_are_settings() -> None:
    known = {row["name"] for row in described(Settings(), {})}
    for name in ("app", "gdpr-app"):
        assert set(SERVICES[name]["environment"]) <= known


def test_the_server_of_the_index_is_of_the_version_of_its_client() -> None:
    client = next(line for line in _constraints() if line.startswith("qdrant-client=="))
    version = client.partition("==")[2].rsplit(".", 1)[0]
    assert SERVICES["qdrant"]["image"].startswith(f"qdrant/qdrant:v{version}.")


# ── the proxies ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_llama_proxy_lets_three_routes_through_and_refuses_all_else() -> None:
    text = (ROOT / "docs/deploy/llama.conf").read_text(encoding="utf-8")
    locations = dict(re.findall(r"location\s+(= \S+|/)\s*\{(.*)\}", text))
    assert set(locations) == {"= /v1/models", "= /v1/chat/completions", "= /tokenize", "/"}
    assert "return 404" in locations["/"]
    assert all("deny all" in body for place, body in locations.items() if place != "/")


@pytest.mark.parametrize("name", ["door", "front", "llama"])
def test_proxies_write_no_access_log_and_listen_where_the_compose_file_says(name: str) -> None:
    text = (ROOT / f"docs/deploy/{name}.conf").read_text(encoding="utf-8")
    assert "access_log off;" in text
    port = re.search(r"listen (\d+);", text)
    assert port
    assert f'"{port[1]}"' in str(SERVICES[name]["healthcheck"]["test"]).replace("'", '"')
    assert text.count("{") == text.count("}")


# ── the image ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_image_is_as_quiet_as_the_process() -> None:
    declared = dict(re.findall(r"^(?:ENV)?\s+([A-Z_]+)=(\S+)(?: \\)?$", DOCKERFILE, flags=re.MULTILINE))
    assert {name: declared.get(name) for name in QUIET} == QUIET


def test_the_image_is_pinned_and_runs_without_root() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.MULTILINE)
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", bases[0])
    assert re.search(r"^USER \d+:\d+$", DOCKERFILE, flags=re.MULTILINE)
    assert DOCKERFILE.index("USER ") < DOCKERFILE.index("ENTRYPOINT")
    assert 'ENTRYPOINT ["dossier"]' in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE
    assert "tesseract-ocr" in DOCKERFILE


def test_the_image_has_the_torch_and_the_packages_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    torch = next(one for one in project["project"]["dependencies"] if one.startswith("torch"))
    assert f" {torch}\n" in DOCKERFILE
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"]}
    assert {name for name in needed if f"COPY {name} {name}\n" in DOCKERFILE} == needed
    allowed = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n"))
    assert {f"!{name}" for name in needed | {"pyproject.toml", "constraints.txt", "README.md", "LICENSE"}} <= allowed
    assert "*" in allowed, "what is not named stays out: documents, keys, history"


# ── the settings ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_example_environment_lists_every_setting_with_its_default_and_meaning_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for row in described(Settings(), {}):
        monkeypatch.delenv(row["name"], raising=False)
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    listed = [
        {"name": match[1], "value": match[2], "meaning": lines[at - 1].removeprefix("# ")}
        for at, line in enumerate(lines)
        if (match := re.fullmatch(r"#(DOSSIER_[A-Z_]+)=(.*)", line))
    ]
    home = str(Path("~/.local/share/dossier").expanduser())
    expected = [
        {"name": row["name"], "value": row["value"].replace(home, "~/.local/share/dossier"), "meaning": row["meaning"]}
        for row in described(Settings(), {})
    ]
    assert listed == expected
    assert [line for line in lines if line and not line.startswith("#")] == [], "the example itself sets nothing"


# ── the manual ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_manual_explains_every_exit_code_and_every_telemetry_variable() -> None:
    operations = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", operations, flags=re.MULTILINE)}
    raised = {error.exit_code for error in vars(core.errors).values() if hasattr(error, "exit_code")}
    assert documented == raised | {0}
    privacy = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")
    assert [name for name in QUIET if f"`{name}`" not in privacy] == []


def test_links_between_our_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("docs/**/*.md"), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "examples/README.md"]
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8"))]
    assert [link for page, link in links if not (page.parent / link).exists()] == []


def _constraints() -> list[str]:
    return (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

"""Every value an operator can set, read from the environment once and never changed afterwards.

Nobody else reads the environment. `settings_from_environment()` builds the one frozen `Settings` of a process.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigError
from core.privacy import Privacy


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Qdrant(_Group):
    url: str | None = Field(None, description="A Qdrant server, spoken to over REST. Unset: the embedded index.")
    api_key: SecretStr | None = Field(None, description="Key of that server.")


class Catalogue(_Group):
    url: str | None = Field(None, description="SQLAlchemy URL of the catalogue. Unset: SQLite under DOSSIER_HOME.")


class Embedding(_Group):
    model: str = Field(
        "all-MiniLM-L6-v2",
        description="Folder of a sentence-transformers model, or all-MiniLM-L6-v2 (English), or multilingual-e5-small "
        "(the extra multilingual), or hash.",
    )
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps …")
    batch_size: int = Field(
        32, ge=1, le=4096, description="Texts embedded at once, on a GPU or by a model that is no BERT."
    )


class Reranker(_Group):
    model: str | None = Field(
        None, description="Folder of a sentence-transformers CrossEncoder that reads the first hits again. Unset: none."
    )


class Ocr(_Group):
    languages: str = Field("eng", description="Languages of scanned pages, as tesseract names them: eng+deu.")


class Faithfulness(_Group):
    model: Path | None = Field(
        None,
        description="Folder of a cross-encoder (NLI, hallucination) for dossier eval faithfulness --scorer model.",
    )


class Llama(_Group):
    url: str | None = Field(None, description="An OpenAI-compatible server, such as http://vllm:8000/v1.")
    model: str = Field("llama", description="The name under which that server serves its model.")
    api_key: SecretStr | None = Field(None, description="Key of that server.")


class Claude(_Group):
    api_key: SecretStr | None = Field(None, description="Key for Claude. Unset: no long-document mode.")
    model: str = Field("claude-sonnet-5-5", description="Model id.")
    base_url: str | None = Field(None, description="Another address of the Messages API.")
    max_tokens: int = Field(
        16_000, ge=256, le=128_000, description="Longest answer with the thinking before it, in tokens."
    )
    window: int = Field(200_000, ge=2_000, description="Most tokens that are sent at once: documents and question.")


class Budget(_Group):
    """Limits of what Claude may cost, in US dollars and by the calendar in UTC. What would pass one is not sent."""

    day: float | None = Field(None, ge=0, description="Most that Claude may cost in a day, in US dollars.")
    month: float | None = Field(None, ge=0, description="Most that Claude may cost in a month, in US dollars.")
    user_day: float | None = Field(None, ge=0, description="Most for one user in a day, in US dollars.")
    user_month: float | None = Field(None, ge=0, description="Most for one user in a month, in US dollars.")


class Log(_Group):
    level: Literal["debug", "info", "warning", "error"] = Field("warning", description="How much is logged.")
    format: Literal["text", "json"] = Field("text", description="One line per event, as text or JSON.")


class Settings(BaseSettings):
    """All settings. Nested names come from one underscore: DOSSIER_QDRANT_URL is `settings.qdrant.url`."""

    model_config = SettingsConfigDict(
        env_prefix="DOSSIER_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
    )

    home: Path = Field(Path("~/.local/share/dossier"), description="Library, embedded index, catalogue and audit.")
    user: str | None = Field(None, description="Who acts, and whose documents are seen. Unset: the system's user.")
    groups: Path | None = Field(None, description='A file of groups, lines such as deal-team = ["alice", "bob"].')
    privacy: Privacy = Field(Privacy.STANDARD, description="standard, or gdpr: the process is sealed.")
    qdrant: Qdrant = Qdrant()
    catalogue: Catalogue = Catalogue()
    embedding: Embedding = Embedding()
    reranker: Reranker = Reranker()
    ocr: Ocr = Ocr()
    faithfulness: Faithfulness = Faithfulness()
    llama: Llama = Llama()
    claude: Claude = Claude()
    budget: Budget = Budget()
    prices: Path | None = Field(None, description="A file of prices in place of core/prices.toml.")
    log: Log = Log()

    @field_validator("home", "prices", "groups")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path and path.expanduser().absolute()

    @property
    def models(self) -> Path:
        """Where embedding models are unpacked."""
        return self.home / "models"

    def digest(self) -> str:
        """A short hash of all values but secrets and places: two answers with the same digest were made alike."""
        return hashlib.sha256(json.dumps(self._telling(), sort_keys=True).encode()).hexdigest()[:12]

    def told(self) -> dict[str, str]:
        """What `digest` is over, by the names of the environment, to be kept and passed on: an address is only "set",
        of a folder there is only its name."""
        told = {}
        for group, values in self._telling().items():
            for name, value in values.items() if isinstance(values, dict) else [("", values)]:
                variable = f"DOSSIER_{group}_{name}".upper().rstrip("_")
                if name in ("url", "base_url"):
                    told[variable] = "set" if value else ""
                else:
                    told[variable] = "" if value is None else Path(value).name if name == "model" else str(value)
        return told

    def _telling(self) -> dict[str, Any]:
        values = self.model_dump(mode="json", exclude={"home", "user", "groups", "log", "budget", "prices"})
        for group in ("qdrant", "llama", "claude"):
            values[group].pop("api_key")
        return values


def settings_from_environment(**overrides: Any) -> Settings:
    """The settings of this process, checked for contradictions. Raises ConfigError with a sentence."""
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        wrong = "; ".join(
            f"DOSSIER_{'_'.join(str(part) for part in detail['loc']).upper()}: {detail['msg']}"
            for detail in error.errors(include_input=False, include_url=False)
        )
        raise ConfigError(f"The settings cannot be used: {wrong}.") from error
    if settings.privacy is Privacy.GDPR and settings.claude.api_key is not None:
        raise ConfigError(
            "DOSSIER_PRIVACY is gdpr, but DOSSIER_CLAUDE_API_KEY is set: "
            "a sealed process must not hold the key of a cloud service. Unset one of them."
        )
    return settings


def described(settings: Settings, environment: dict[str, str]) -> list[dict[str, str]]:
    """Every setting as {name, value, origin, meaning}, secrets masked: what `dossier doctor` prints."""
    rows: list[dict[str, str]] = []

    def row(name: str, value: object, meaning: str | None) -> None:
        shown = "********" if isinstance(value, SecretStr) else "" if value is None else str(value)
        origin = "environment" if environment.get(name) else "default"
        rows.append({"name": name, "value": shown, "origin": origin, "meaning": meaning or ""})

    for field, information in type(settings).model_fields.items():
        value = getattr(settings, field)
        if isinstance(value, BaseModel):
            for inner, about in type(value).model_fields.items():
                row(f"DOSSIER_{field}_{inner}".upper(), getattr(value, inner), about.description)
        else:
            row(f"DOSSIER_{field}".upper(), value, information.description)
    return rows

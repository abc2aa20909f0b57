"""What a question costs, and what a machine of one's own costs: read from one dated file that anybody can edit.

The file is `core/prices.toml`, or the one that DOSSIER_PRICES names. Money is in US dollars throughout.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.answers import Usage
from core.errors import ConfigError

OURS = Path(__file__).with_name("prices.toml")

_DATE = re.compile(r"-\d{8}$")

HOURS_A_MONTH = 730.0
"""365 days of 24 hours, by twelve."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rates(_Table):
    """Dollars per million tokens: read anew, written, put into the one-hour cache, read from it."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cache_write: float = Field(ge=0)
    cache_read: float = Field(ge=0)

    def of(self, usage: Usage) -> float:
        """What these tokens cost. `usage.input_tokens` includes those that were put into the cache."""
        anew = usage.input_tokens - usage.cache_write_tokens
        return (
            self.input * anew
            + self.cache_write * usage.cache_write_tokens
            + self.cache_read * usage.cache_read_tokens
            + self.output * usage.output_tokens
        ) / 1e6


class LongRates(Rates):
    """The rates of a request that reads more than `above` tokens, of all its tokens."""

    above: int = Field(ge=0)


class ModelRates(Rates):
    long: LongRates | None = None


class Machine(_Table):
    """A server of one's own. Prices in dollars, `hosting` and `people` a month, `electricity` per kilowatt hour."""

    name: str
    price: float = Field(ge=0)
    months: float = Field(gt=0)
    watts: float = Field(ge=0)
    power_overhead: float = Field(ge=1)
    electricity: float = Field(ge=0)
    hosting: float = Field(ge=0)
    people: float = Field(ge=0)
    reads_per_second: float = Field(gt=0)
    writes_per_second: float = Field(gt=0)
    busy: float = Field(gt=0, le=1)

    def a_month(self) -> float:
        """What it costs in a month, whether it is asked or not. It draws its power in all hours."""
        power = self.watts / 1000 * self.power_overhead * HOURS_A_MONTH * self.electricity
        return self.price / self.months + power + self.hosting + self.people

    def seconds(self, usage: Usage) -> float:
        """How long it would work on these tokens. What Claude read from its cache is read anew: the careful side."""
        read = usage.input_tokens + usage.cache_read_tokens
        return read / self.reads_per_second + usage.output_tokens / self.writes_per_second

    def needed(self, seconds: float) -> int:
        """How many of it work `seconds` off in a month's busy hours."""
        room = HOURS_A_MONTH * 3600 * self.busy
        return max(1, -int(-seconds // room))


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices in force, and of which day they are."""

    dated: date
    claude: dict[str, ModelRates]
    machine: Machine

    def cost(self, model: str, usage: Usage) -> float:
        """What one request to `model` costs. Raises ConfigError for a model that the file has no price for."""
        rates = self.claude.get(_DATE.sub("", model))
        if rates is None:
            raise ConfigError(
                f"The file of prices has none for {model}: add it to a copy and name that in DOSSIER_PRICES."
            )
        if rates.long is not None and usage.input_tokens + usage.cache_read_tokens > rates.long.above:
            return rates.long.of(usage)
        return rates.of(usage)


class _File(_Table):
    dated: date
    claude: dict[str, ModelRates]
    machine: Machine


def read_prices(path: Path | None = None) -> Prices:
    """The prices of a file, or ours. Raises ConfigError when it is not there or not of the form of core/prices.toml."""
    place = path or OURS
    try:
        values = _File.model_validate(tomllib.loads(place.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"The file of prices {place} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The file of prices {place} is not TOML.") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"
            for detail in error.errors(include_input=False, include_url=False)
        )
        raise ConfigError(f"The file of prices {place} cannot be used: {wrong}.") from error
    return Prices(values.dated, values.claude, values.machine)

"""A mix of events: how many of each type, about how many people, from which programs.

Mixes are files; what comes of one follows from the file alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.catalogue import Topic, load_all
from schemas.errors import SettingsInvalid

DEFAULT = "traffic"
_FOLDER = "mixes"


class Shapes(BaseModel):
    """How large the free parts of payloads are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text_characters: Annotated[int, Field(ge=1, le=5000)]
    form_fields: Annotated[int, Field(ge=1, le=50)]
    utm_fields: Annotated[int, Field(ge=0, le=16)]
    properties: Annotated[int, Field(ge=0, le=100)]


class Mix(BaseModel):
    """One mix, as its file tells it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,39}$")]
    about: str
    seed: int
    people: Annotated[int, Field(ge=1, le=100_000_000)]
    messages_per_person: Annotated[int, Field(ge=1, le=1000)]
    machine_share: Annotated[float, Field(ge=0, le=1)]
    shapes: Shapes
    weights: dict[str, Annotated[float, Field(gt=0)]] = Field(min_length=1)


def load_mix(name: str) -> Mix:
    """A mix that comes with the package, by name, or one of the user's own, by path.

    Raises ``SettingsInvalid`` saying what is wrong with it.
    """
    own = Path(name)
    packed = files("services.bench").joinpath(_FOLDER, f"{name}.toml")
    source = own if own.suffix == ".toml" else packed
    try:
        mix = Mix.model_validate(tomllib.loads(source.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(
            f"There is no mix {name!r}. Name one of {', '.join(mix_names())}, or a .toml file."
        ) from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise SettingsInvalid(f"The mix {name!r} cannot be read: {error}") from error
    _check_types(mix)
    return mix


def mix_names() -> Iterator[str]:
    """The mixes that come with the package."""
    folder = files("services.bench").joinpath(_FOLDER)
    return (name for name, _, kind in sorted(p.name.rpartition(".") for p in folder.iterdir())
            if kind == "toml")  # fmt: skip


def _check_types(mix: Mix) -> None:
    known = load_all()
    wrong = [
        name
        for name in mix.weights
        if name not in known or Topic.FACTS not in known.newest(name).origins
    ]
    if wrong:
        raise SettingsInvalid(
            f"The mix {mix.name!r} weighs {', '.join(sorted(wrong))}: no types of facts."
        )

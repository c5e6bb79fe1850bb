"""Config: the options of a shop, from its customerbase.toml and from the caller."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args

from customerbase.cleaning.currencies import check_rates
from customerbase.errors import UsageError, WorkspaceError
from customerbase.features.customers import parse_date
from customerbase.features.targets import HORIZON_DAYS
from customerbase.ingest.encodings import check_encoding
from customerbase.ingest.layout_file import is_layout_file
from customerbase.ingest.numbers import DecimalSign
from customerbase.ingest.times import DateOrder
from customerbase.prepare_options import read_preparation
from customerbase.segmentation.scores import plan_scores

__all__ = ["CONFIG_FILE", "MODELS", "Config", "is_condition_file", "read_config"]

CONFIG_FILE = "customerbase.toml"
MODELS = (
    "kmeans", "minibatch_kmeans", "gaussian_mixture", "ward", "average", "complete", "dbscan", "hdbscan", "rfm",
    "value_tree",
)  # fmt: skip
FINDS_NUMBER = {
    "dbscan": "which finds out for itself how many there are",
    "hdbscan": "which finds out for itself how many there are",
    "rfm": "whose segments are those of its scheme",
}
"""Models to which nobody says how many segments to make, and why."""
RFM_OPTIONS = ("scheme", "n_bins", "edges", "nested", "weights")
PREPARES_NOTHING = ("rfm", "value_tree")
MOST_SEED = 2**32 - 1
"""The largest that scikit-learn takes."""
MOST_HORIZON_DAYS = 3_660


@dataclass(frozen=True)
class Config:
    """The options of a shop.

    Parameters
    ----------
    as_of
        Date of the snapshot, YYYY-MM-DD, exclusive; by default the day after the last order, else the last coupon.
    model
        How customers are segmented: `kmeans`, `minibatch_kmeans`, `gaussian_mixture`, `ward`, `average`, `complete`,
        `dbscan`, `hdbscan`, `rfm` or `value_tree`; or a TOML file of own segments, such as `my-segments.toml`. One that
        `customerbase.toml` names lies beside it.
    n_segments
        Number of segments, at least 2; by default k-means takes the number that `segmentation.choice` finds, the other
        methods 6. DBSCAN and HDBSCAN find it out, and RFM has those of its scheme.
    prepare
        How features are prepared for a clusterer: see `prepare_options.read_preparation`.
    rfm
        Parameters of `RFM` by name: `scheme`, `n_bins`, `edges`, `nested`, `weights`. A scheme's file that
        `customerbase.toml` names lies beside it.
    choose
        Whether k-means chooses the number of segments where nobody gives it; else it is 6.
    horizon_days
        Days ahead that a value tree learns to tell apart, and by which segmentations are evaluated; at least 1.
    seed
        Seed of all that is drawn, from 0 to 4,294,967,295.
    layout
        Name of a known layout, or a TOML file with one of your own; by default it is recognised. A file that
        `customerbase.toml` names lies beside it.
    columns
        Canonical name → column of the export.
    encoding
        How text files are encoded, such as `windows-1252`; by default it is detected.
    decimal
        `point` or `comma`: the sign before the decimals where a column leaves it open.
    date_order
        `day-first`, `month-first` or `year-first` where a column of dates leaves it open.
    rules
        Name of a cleaning rule → whether it is on.
    products
        Code → whether it is a product, where the rule `is_product` is wrong about it.
    currency
        The currency that is wanted, such as `EUR`; lines in another one are set aside, or converted by `rates`.
    rates
        Code of another currency → what one unit of it is worth in the wanted one.
    memory_limit
        Memory that DuckDB may take before it spills, such as `4GB`.
    threads
        Threads of DuckDB; by default all.
    spill_folder
        Where DuckDB spills to.

    Raises
    ------
    UsageError
        An option has a value that is not allowed.

    Examples
    --------
    >>> Config(model="kmeans", n_segments=4).n_segments
    4
    >>> Config(model="magic")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: The option 'model' must be one of kmeans, ... a TOML file of own segments. Got ...
    """

    as_of: str | None = None
    model: str = "kmeans"
    n_segments: int | None = None
    choose: bool = True
    horizon_days: int = HORIZON_DAYS
    prepare: Mapping[str, Any] = field(default_factory=dict)
    rfm: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    layout: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, bool] = field(default_factory=dict)
    products: Mapping[str, bool] = field(default_factory=dict)
    encoding: str | None = None
    decimal: DecimalSign | None = None
    date_order: DateOrder | None = None
    currency: str | None = None
    rates: Mapping[str, Any] = field(default_factory=dict)
    memory_limit: str | None = None
    threads: int | None = None
    spill_folder: str | None = None

    def __post_init__(self) -> None:
        if not is_condition_file(self.model):
            _check_choice("model", self.model, MODELS, "a TOML file of own segments")
        _check_choice("decimal", self.decimal, (None, *get_args(DecimalSign)))
        _check_choice("date_order", self.date_order, (None, *get_args(DateOrder)))
        self._check_model()
        _check_rfm(self.rfm)
        if not isinstance(self.choose, bool):
            raise UsageError(f"The option 'choose' must be true or false. Got {self.choose!r} instead.")
        _check_int("horizon_days", self.horizon_days, least=1, most=MOST_HORIZON_DAYS)
        _check_int("seed", self.seed, least=0, most=MOST_SEED)
        if self.threads is not None:
            _check_int("threads", self.threads, least=1)
        if self.as_of is not None:
            parse_date(self.as_of)
        for name in ("layout", "encoding", "currency", "memory_limit", "spill_folder"):
            if not isinstance(getattr(self, name), str | None):
                raise UsageError(f"The option '{name}' must be a text. Got {getattr(self, name)!r} instead.")
        check_encoding(self.encoding or "utf-8")
        check_rates(self.currency, self.rates)
        for name, kind in (("columns", str), ("rules", bool), ("products", bool)):
            values = getattr(self, name)
            if not isinstance(values, Mapping) or not all(isinstance(value, kind) for value in values.values()):
                raise UsageError(
                    f"The option '{name}' must be a table of name = {kind.__name__}. Got {values!r} instead."
                )

    def _check_model(self) -> None:
        """Refuse what is not for the model."""
        if self.n_segments is not None:
            _check_int("n_segments", self.n_segments, least=2)
            own = "whose segments are those that it names" if is_condition_file(self.model) else None
            if why := FINDS_NUMBER.get(self.model, own):
                raise UsageError(f"The option 'n_segments' is not for the model {self.model}, {why}. Leave it out.")
        if not isinstance(self.prepare, Mapping):
            raise UsageError(f"The option 'prepare' must be a table of name = value. Got {self.prepare!r} instead.")
        prepares_nothing = self.model in PREPARES_NOTHING or is_condition_file(self.model)
        if read_preparation(self.prepare) and prepares_nothing:
            raise UsageError(
                f"The option 'prepare' is not for the model {self.model}, which prepares nothing. Leave it out."
            )


def is_condition_file(model: object) -> bool:
    """Tell whether a model is given as a file of own segments, and not by the name of a method.

    Examples
    --------
    >>> is_condition_file("my-segments.toml"), is_condition_file("kmeans")
    (True, False)
    """
    return isinstance(model, str) and model.lower().endswith(".toml")


def _check_choice(name: str, value: object, choices: Sequence[str | None], *others: str) -> None:
    if value not in choices:
        shown = ", ".join([*(choice for choice in choices if choice), *others])
        raise UsageError(f"The option '{name}' must be one of {shown}. Got {value!r} instead.")


def _check_int(name: str, value: object, least: int, most: int | None = None) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(f"The option '{name}' must be an int >= {least}. Got {value!r} instead.")
    if most is not None and value > most:
        raise UsageError(f"The option '{name}' must be at most {most:,}. Got {value!r} instead.")


def _check_rfm(options: Mapping[str, Any]) -> None:
    """Check the parameters of RFM before anything is read."""
    if not isinstance(options, Mapping) or not set(options) <= set(RFM_OPTIONS):
        raise UsageError(f"The option 'rfm' must be a table of {', '.join(RFM_OPTIONS)}. Got {options!r} instead.")
    plan_scores(**({"scheme": None, **options} if "weights" in options else options))


def read_config(workspace: Path, files: tuple[Path, ...] = (), given: Mapping[str, Any] | None = None) -> Config:
    """Read the options of a shop; what the caller gives goes before the file.

    Parameters
    ----------
    workspace
        Its folder; the file in it is taken before one beside the first of the files.
    files
        The exports that are to be read.
    given
        Options of the caller; None stands for one that was not given. Tables are merged, name by name.

    Raises
    ------
    UsageError
        The file is no TOML, or has an unknown option or a value that is not allowed.

    Examples
    --------
    >>> read_config(Path("no-such-shop"), given={"model": "rfm", "seed": None}).model
    'rfm'
    """
    places = [workspace / CONFIG_FILE, *(file.parent / CONFIG_FILE for file in files[:1])]
    path = next((place for place in places if place.is_file()), None)
    options = _find_files(path, _read_toml(path)) if path else {}
    known = {each.name for each in fields(Config)}
    for name in options:
        if name not in known:
            raise UsageError(f"{path} has an unknown option {name!r}. The options are {', '.join(sorted(known))}.")
    return _build(path, _merge(options, given or {}))


def _find_files(path: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Look for a layout, a scheme or own segments beside the file of options, not where the command happens to run."""
    found, rfm = dict(options), options.get("rfm")
    for name in ("layout", "model"):
        if _is_file(options.get(name)):
            found[name] = str(path.parent / options[name])
    if isinstance(rfm, Mapping) and _is_file(rfm.get("scheme")):
        found["rfm"] = {**rfm, "scheme": str(path.parent / rfm["scheme"])}
    return found


def _is_file(name: object) -> bool:
    return isinstance(name, str) and is_layout_file(name)


def _build(path: Path | None, options: Mapping[str, Any]) -> Config:
    as_of = options.get("as_of")
    plain = dict(options) if as_of is None else {**options, "as_of": str(as_of)}  # TOML has dates of its own
    try:
        return replace(Config(), **plain)
    except UsageError as error:
        raise UsageError(f"{path}: {error}" if path else str(error)) from error


def _merge(options: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(options)
    if given.get("model") in FINDS_NUMBER or is_condition_file(given.get("model")):
        merged.pop("n_segments", None)  # it was said of the model that is not wanted now
    if given.get("model") == "rfm" or is_condition_file(given.get("model")):
        merged.pop("prepare", None)
    for name, value in given.items():
        if isinstance(value, Mapping) and isinstance(merged.get(name), Mapping):
            merged[name] = {**merged[name], **value}
        elif value is not None:
            merged[name] = value
    return merged


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}. Correct that line.") from error
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from error

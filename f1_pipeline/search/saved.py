"""An index in two files: arrays (`.npz`, without pickles) and names (`.json`)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from f1_pipeline.errors import StorageError
from f1_pipeline.search.index import FORMAT, Index, Part
from f1_pipeline.search.lexicon import lexicon
from f1_pipeline.search.names import Names
from f1_pipeline.search.ranking import Ranking

_ARRAYS, _NAMES = "search.npz", "search.json"


def save(index: Index, folder: Path) -> None:
    """Both files, into a folder that is there."""
    arrays: dict[str, Any] = {}
    for kind, part in (("driver", index.driver), ("race", index.race)):
        made = part.ranking
        arrays |= {f"{kind}/fact/{name}": column for name, column in part.columns.items()}
        arrays |= {
            f"{kind}/texts": np.array(part.texts, dtype=object).astype(str),
            f"{kind}/terms": np.array(made.terms, dtype=str),
            f"{kind}/grams": np.array(made.grams, dtype=str),
            f"{kind}/data": made.lexical.data,
            f"{kind}/indices": made.lexical.indices,
            f"{kind}/indptr": made.lexical.indptr,
            f"{kind}/weights": made.weights,
            f"{kind}/axes": made.axes,
            f"{kind}/vectors": made.vectors,
        }
    arrays["version"] = np.array(index.version)
    np.savez_compressed(folder / _ARRAYS, **arrays)
    names = index.names
    told = {
        "format": FORMAT,
        "version": index.version,
        "drivers": dict(names.drivers),
        "codes": dict(names.codes),
        "teams": dict(names.teams),
        "circuits": dict(names.circuits),
        "reasons": list(names.reasons),
    }
    (folder / _NAMES).write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")


def load(folder: Path) -> Index:
    """What `save` wrote; raises StorageError for what is missing, mixed or of another format."""
    try:
        told = json.loads((folder / _NAMES).read_text(encoding="utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        if told["format"] != FORMAT or told["version"] != str(arrays["version"]):
            raise StorageError(
                f"the search index in {folder} is of another version: build it again"
            )
        names = Names(
            told["drivers"], told["codes"], told["teams"], told["circuits"], tuple(told["reasons"])
        )
        driver, race = _part("driver", arrays), _part("race", arrays)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise StorageError(f"no search index can be read in {folder}: build it again") from error
    return Index(names, driver, race, told["version"], lexicon(names))


def _part(kind: str, arrays: dict[str, Any]) -> Part:
    start = f"{kind}/fact/"
    columns = {name[len(start) :]: made for name, made in arrays.items() if name.startswith(start)}
    terms = tuple(arrays[f"{kind}/terms"].tolist())
    parts = (arrays[f"{kind}/data"], arrays[f"{kind}/indices"], arrays[f"{kind}/indptr"])
    lexical = sparse.csc_matrix(parts, shape=(len(columns["document_id"]), len(terms)))
    numbers = (arrays[f"{kind}/weights"], arrays[f"{kind}/axes"], arrays[f"{kind}/vectors"])
    texts = tuple(arrays[f"{kind}/texts"].tolist())
    return Part(
        columns, texts, Ranking(terms, tuple(arrays[f"{kind}/grams"].tolist()), lexical, *numbers)
    )

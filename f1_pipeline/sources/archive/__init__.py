"""The archive: facts that ship with the project as Parquet, written from an f1db release.

`f1db` reads a release, `build` writes an archive from it, `read` gives the archive back as raw
frames, `layout` says what both sides must agree on. `figures` writes and reads what laps have shown
of races, which an archive may ship as well; `placing` puts files of either into its folder.
"""

from f1_pipeline.sources.archive.build import build
from f1_pipeline.sources.archive.figures import read_figures, write_figures
from f1_pipeline.sources.archive.read import fingerprint, read

__all__ = ["build", "fingerprint", "read", "read_figures", "write_figures"]

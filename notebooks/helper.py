"""What the notebooks share: where ventral is, an empty folder, and how figures look."""

import os
import shutil
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

# The colours of ventral's own figures, told apart with colour-blindness (Okabe and Ito 2008).
BLUE, VERMILLION, GREEN = "#0072b2", "#d55e00", "#009e73"
PURPLE, ORANGE, SKY, GREY = "#cc79a7", "#e69f00", "#56b4e9", "#777777"
NETWORKS = {"conv": BLUE, "lc": VERMILLION, "lc+sleep@1": GREEN}


def begin():
    """Puts ventral on the PATH of the shell cells and goes to an empty folder.

    ventral is the file that VENTRAL names, the one on the PATH, or ../bin/ventral
    (made by make build). The folder vanishes with the notebook's kernel. Returns the
    folder of real data that VENTRAL_DATA names, or None: then data are generated.
    """
    found = os.environ.get("VENTRAL") or shutil.which("ventral") or Path("..", "bin", "ventral")
    if not Path(found).is_file():
        raise FileNotFoundError(f"no ventral at {found}: make build builds it, or VENTRAL names it")
    if data := os.environ.get("VENTRAL_DATA"):
        data = os.environ["VENTRAL_DATA"] = str(Path(data).resolve())
    os.environ["PATH"] = f"{Path(found).resolve().parent}{os.pathsep}{os.environ['PATH']}"
    begin.folder = tempfile.TemporaryDirectory(prefix="ventral-notebook-")
    os.chdir(begin.folder.name)
    plt.rcParams.update({
        "figure.figsize": (8, 3), "figure.dpi": 96, "figure.constrained_layout.use": True,
        "font.family": "sans-serif", "font.size": 9.5, "axes.titlesize": 10.5, "legend.fontsize": 8.5,
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y",
        "axes.axisbelow": True, "grid.color": "#dddddd", "lines.linewidth": 1.6, "legend.frameon": False,
        "image.interpolation": "nearest",
    })
    return data or None

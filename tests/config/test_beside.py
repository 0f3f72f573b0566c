"""Which files are the code of a config file."""

from __future__ import annotations

from pathlib import Path

from vernal.config.beside import modules_beside


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def found(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in modules_beside(folder / "config.py")]


def test_every_way_to_import_is_followed(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "config.py": "import one, os\nimport package.deep as d\nfrom package import name\nfrom two import f\n",
            "one.py": "def f():\n    import late\n",
            "two.py": "",
            "late.py": "import config\n",
            "package/__init__.py": "from . import near\nfrom .deeper import x\n",
            "package/deep.py": "",
            "package/near.py": "",
            "package/deeper/__init__.py": "from ..up import y\n",
            "package/up.py": "",
            "package/unused.py": "",
            "unused.py": "",
            "os/__init__.py": "",
        },
    )
    assert found(tmp_path) == [
        "late.py", "one.py", "os/__init__.py", "package/__init__.py", "package/deep.py",
        "package/deeper/__init__.py", "package/near.py", "package/up.py", "two.py",
    ]  # fmt: skip


def test_a_file_that_imports_nothing_from_beside_it_stands_alone(tmp_path: Path) -> None:
    write(tmp_path, {"config.py": "import torch\nfrom pathlib import Path\n", "model.py": ""})
    assert found(tmp_path) == []

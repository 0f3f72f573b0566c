"""The modules that lie beside a config file and that it imports: they are part of its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def modules_beside(path: Path) -> list[Path]:
    """The files in the same folder, or below it, that a file imports, directly or through one another.

    They are found by reading, not by looking at what happens to be imported by now, so every process finds the same.

    Args:
        path: the file; the modules are looked for beside it.
    """
    root, found = path.parent, {path}
    todo = [path]
    while todo:
        for file in _imported(todo.pop(), root):
            if file not in found and file.is_file():
                found.add(file)
                todo.append(file)
    return sorted(found - {path})


def _imported(file: Path, root: Path) -> Iterator[Path]:
    for names in _names(file, root):
        for i in range(1, len(names) + 1):
            module = root.joinpath(*names[:i])
            yield module.with_name(f"{module.name}.py")
            yield module / "__init__.py"


def _names(file: Path, root: Path) -> Iterator[list[str]]:
    """The dotted names that a file imports, seen from the root."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = list(file.relative_to(root).parts)
            base = here[: len(here) - node.level] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            yield from ([*module, alias.name] for alias in node.names)

"""The modules that lie beside a config file and that it imports: they are part of its code."""

from __future__ import annotations

import ast
import hashlib
import importlib
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from weakref import WeakKeyDictionary

_code: WeakKeyDictionary[ModuleType, str] = WeakKeyDictionary()  # digests of the files of modules, when first met


class Beside:
    """The modules beside one config file, importable as long as code of it runs.

    Python keeps one module of a name. Another config file may have its own of the same name, and a file may have been
    edited since it was imported; so those of this file are put in place first, read anew where that is needed.

    Args:
        path: the config file.
    """

    def __init__(self, path: Path) -> None:
        self.files = modules_beside(path)
        self._folder = str(path.parent)
        files = {_dotted(file.relative_to(path.parent)): file for file in self.files}
        self._files = {name: file for name, file in files.items() if not _is_installed(name.partition(".")[0])}
        self._names = {name for dotted in self._files for name in _with_packages(dotted)}
        self._own: dict[str, ModuleType] = {}

    @contextmanager
    def importable(self) -> Iterator[None]:
        """The modules can be imported, and are those that lie beside the file."""
        self._put_in_place()
        sys.path.insert(0, self._folder)
        # A file that is edited twice within a second would be taken from what Python keeps of its first state.
        writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            yield
        finally:
            sys.dont_write_bytecode = writes
            sys.path.remove(self._folder)
            self._own = self._imported()

    def _imported(self) -> dict[str, ModuleType]:
        found = {name: sys.modules[name] for name in self._names if name in sys.modules}
        for name in found.keys() & self._files:
            if found[name] not in _code:
                _code[found[name]] = _digest(self._files[name])
        return found

    def _put_in_place(self) -> None:
        here = self._own or self._current()
        for name in self._names:
            sys.modules.pop(name, None)
        sys.modules.update(here)

    def _current(self) -> dict[str, ModuleType]:
        """What the program has imported of them already; nothing of it if a part is of another folder, or outdated."""
        importlib.invalidate_caches()
        here = {name: sys.modules[name] for name in self._names if name in sys.modules}
        # All or nothing: a module that is current may have taken something from one that is not.
        return here if all(_is_current(here[name], self._files[name]) for name in here.keys() & self._files) else {}


def _is_installed(package: str) -> bool:
    """Whether a name is that of Python's own module or of an installed one, which the program has and keeps."""
    file = getattr(sys.modules.get(package), "__file__", None) or ""
    folders = tuple(sysconfig.get_paths()[kind] for kind in ("purelib", "platlib"))
    return package in sys.stdlib_module_names or package == __package__.partition(".")[0] or file.startswith(folders)


def _is_current(module: ModuleType, file: Path) -> bool:
    """Whether a module was read from this file, and the file is still as it was when the module was first met."""
    code = _digest(file)
    return getattr(module, "__file__", None) == str(file) and _code.setdefault(module, code) == code


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _with_packages(dotted: str) -> list[str]:
    """A module and the packages around it, outermost first."""
    parts = dotted.split(".")
    return [".".join(parts[:i]) for i in range(1, len(parts) + 1)]


def _dotted(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


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

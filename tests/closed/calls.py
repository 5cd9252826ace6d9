"""Find in source code what could run code that came with data: unpickling, evaluation, shells, archives."""

import ast
from collections.abc import Iterator, Mapping

PICKLES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "jsonpickle"}
HARMLESS = {"UnpicklingError"}
"""What may be named of such a module: an error."""
NEVER = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "tempfile.mktemp",
    "shutil.unpack_archive",
    "torch.jit.load",
    "pd.read_pickle",
    "pandas.read_pickle",
}
MODULES = {"yaml"}
"""PyYAML, whose `load` makes objects; ruamel.yaml's `safe` loader and its round-trip one make none."""
PICKLING = ", which pickles"
METHODS = {"extractall", "read_pickle"}


def findings(code: str) -> list[str]:
    """List what is not allowed, with its line."""
    return [f"line {number}: {what}" for number, what in sorted(_findings(ast.parse(code)))]


def _findings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((node.lineno, name) for name in _imported(node))
        elif isinstance(node, ast.Attribute):
            if _dotted(node.value) in PICKLES and node.attr not in HARMLESS:
                yield node.lineno, f"{_dotted(node.value)}.{node.attr}"
        elif isinstance(node, ast.Constant) and node.value in ("0.0.0.0", "::"):
            yield node.lineno, "listens to everyone"
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, what) for what in _called(node))


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        names = [alias.name.split(".")[0] for alias in node.names]
        yield from (f"import {name}" for name in names if name in (PICKLES | MODULES) - {"pickle"})
    elif (module := (node.module or "").split(".")[0]) in PICKLES | MODULES:
        others = [alias.name for alias in node.names if alias.name not in HARMLESS]
        yield from (f"from {module} import {name}" for name in others)


def _called(node: ast.Call) -> Iterator[str]:
    name = _dotted(node.func)
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if name in NEVER or name.split(".")[-1] in METHODS:
        yield name
    yield from _unpickled(name, given)
    if _is(given.get("shell"), True):
        yield f"{name} with a shell"
    if _is(given.get("trust_remote_code"), True):
        yield f"{name} trusts every code"
    if _is(given.get("verify"), False):
        yield f"{name} checks no certificate"
    if name == "YAML" and not (given.get("typ") is None or _is(given["typ"], "safe")):
        yield "a YAML loader that is not safe"


def _unpickled(name: str, given: Mapping[str | None, ast.expr]) -> Iterator[str]:
    if (name.startswith("distributed.") and "object" in name) or name == "ray.get":
        yield f"{name}{PICKLING}"
    if name == "torch.load" and not _is(given.get("weights_only"), True):
        yield "torch.load without weights_only=True"
    if "allow_pickle" in given and not _is(given["allow_pickle"], False):
        yield f"{name} with allow_pickle"


def _is(node: ast.AST | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == value and type(node.value) is type(value)


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""

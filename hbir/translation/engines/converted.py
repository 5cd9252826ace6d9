"""Find a model that was converted for CTranslate2, and say how to convert one."""

from pathlib import Path

from hbir.core.errors import ModelError
from hbir.core.languages import language
from hbir.core.lines import expanded
from hbir.translation.engines.families import Family


def conversion(family: Family, folder: Path, target: str, model: str | None = None) -> str:
    """Write the command that converts a model.

    Args:
        family: of the model.
        folder: where to put the result.
        target: the language's ISO 639-1 code.
        model: a folder or id of the Hub; None for the one that the family has for the language.

    Returns:
        A command line.
    """
    name = model or family.model or family.code(language(target)) or "<model>"
    options = f"--model {name} --output_dir {folder} --quantization int8 --copy_files {' '.join(family.files)}"
    return f"`ct2-transformers-converter {options}`"


def converted_folder(family: Family, model: str | None, target: str, where: str) -> Path:
    """Find the folder of a converted model.

    Args:
        family: of the model.
        model: as in params.yaml; None is refused with the way to make one.
        target: the language's ISO 639-1 code.
        where: what to call the engine in a message.

    Returns:
        The folder, with `model.bin`.

    Raises:
        LanguageError: when the table lacks the language.
        ModelError: when there is none.
    """
    language(target, where)
    name = model or ("data/engines/{lang}-ct2" if family.model is None else f"data/engines/{family.name}-ct2")
    folder = expanded(name.replace("{lang}", target), where)
    if model is not None and (folder / "model.bin").is_file():
        return folder
    found = "a model that was not converted" if (folder / "config.json").is_file() else "none"
    raise ModelError(
        where=where,
        expected="a `model`" if model is None else f"a converted model in {folder}",
        found="null" if model is None else found,
        hint=f"Convert one: {conversion(family, folder, target)}; and set `model: {name}`.",
    )


def require_package(where: str) -> None:
    """Make sure that CTranslate2 is installed.

    Args:
        where: what to call the engine in a message.

    Raises:
        ModelError: when it is not.
    """
    try:
        import ctranslate2  # noqa: F401
    except (ImportError, OSError) as error:
        raise ModelError(
            where=where,
            expected="the package ctranslate2",
            found=str(error),
            hint="Run `pip install 'hbir[translate]'`.",
        ) from error

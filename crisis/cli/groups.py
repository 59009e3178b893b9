"""Groups: commands of several modules under one word."""

import typer


def group(app: typer.Typer, name: str, about: str) -> typer.Typer:
    """The group of this name, which another module may have made."""
    for known in app.registered_groups:
        if known.name == name and known.typer_instance is not None:
            return known.typer_instance
    made = typer.Typer(help=about, no_args_is_help=True)
    app.add_typer(made, name=name)
    return made

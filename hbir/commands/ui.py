"""Open MLflow on the comparison."""

import click

from hbir.commands.track import bring_up_to_date, store_of_project
from hbir.tracking.server import is_server
from hbir.tracking.ui import check_port, comparison_link, serve
from hbir.tracking.view import prepare_view


@click.command()
@click.option("--port", default=5000, show_default=True, help="Where the UI listens on 127.0.0.1.")
def ui(port: int) -> None:
    """Bring MLflow up to date and open its UI on the comparison."""
    store = store_of_project()
    if not is_server(store.uri):
        check_port(port)  # before work that another UI has done already
    click.echo(bring_up_to_date(store))
    with store.faults():
        view = prepare_view(store)
    click.echo(f"Open {comparison_link(store, port, view)}")
    if not is_server(store.uri):
        serve(store, port)

"""The one command line. Whatever the workflow does, a user can do by hand with it.

A verb's module is imported when it is called for, and imports what it needs when it runs: asking
for help costs no import of torch.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from cascade import __version__
from cascade.errors import CascadeError, nearest

if TYPE_CHECKING:
    import logging

VERBS = (
    "simulate",
    "ingest",
    "merge",
    "train",
    "transform",
    "predict",
    "evaluate",
    "explain",
    "plot",
    "overview",
    "page",
    "export",
    "config",
)


class Verbs(click.Group):
    """The verbs, each in a module of its own."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the verbs in the order of the data's way."""
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import a verb's module."""
        if name not in VERBS:
            raise click.UsageError(f"no verb '{name}'; {nearest(name, VERBS)}")
        return getattr(importlib.import_module(f"cascade.commands.{name}"), name)


@click.group(
    cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__)
@click.option("--log", type=click.Path(), help="Write messages to this file too.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="CPU threads to compute with.",
)
def cascade(log: str | None, threads: int) -> None:
    """Simulate events, train networks on them, and plot how well they do.

    The workflow (snakemake) calls nothing but these verbs. Each explains itself:
    `cascade train --help`.
    """
    # read by numpy's and scikit-learn's libraries when they are imported, which comes later
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = str(threads)
    from cascade.allocation import keep_freed
    from cascade.progress import start_log

    keep_freed()
    start_log(log)


def main() -> None:
    """Run the command line; a user's mistake is one line and exit status 2."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        cascade(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.ctx.get_help())
    except click.ClickException as error:
        fail(error.format_message())
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except CascadeError as error:
        fail(str(error))
    except MemoryError:
        fail("out of memory; give fewer events at once, or a machine with more memory")
    except Exception as error:
        from cascade.declarations import place, told

        if place(error):  # in a module of the user's
            fail(told(error))
        logger().exception("cascade: a defect of Cascade:")
        sys.exit(1)


def fail(message: str) -> None:
    """Say what is wrong, in the log too, and leave."""
    logger().error("cascade: error: %s", " ".join(message.split()))
    sys.exit(2)


def logger() -> logging.Logger:
    """Return who writes last words, without the time, to standard error and the log."""
    from cascade.progress import LOGGER, start_log

    if not LOGGER.handlers:
        start_log(None)
    for handler in LOGGER.handlers:
        handler.setFormatter(None)
    return LOGGER

"""The command line: parse → call the function of the same name → print.

Our errors are one line and exit 1, wrong usage exits 2, Ctrl-C exits 130 and SIGTERM 143; anything
else is a bug and keeps its traceback. Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import os
import sys

import click

from auricle.cli.groups import SETTINGS, Group, Table

COMMANDS: Table = {
    "transcribe": ("auricle.cli.transcribe", "Write down what is said in any audio or video file."),
    "stream": ("auricle.cli.stream", "Write down what is said while it is said."),
    "evaluate": ("auricle.cli.evaluate", "Say how good a model is on a dataset, and where it fails."),
    "leaderboard": ("auricle.cli.leaderboard", "Rank models over datasets from evaluation runs."),
    "convert": ("auricle.cli.convert", "Turn a transcript into another format."),
    "compare-models": ("auricle.cli.compare_models", "Set the texts of several models side by side."),
    "models": ("auricle.cli.models", "Find a model, fetch it, take it away."),
    "detect-language": ("auricle.cli.detect_language", "Say which language is spoken."),
    "lm": ("auricle.cli.lm", "Make a language model for the decoding of CTC models."),
    "datasets": ("auricle.cli.datasets", "Find a dataset, open it, know it, mend it."),
    "stress": ("auricle.cli.stress", "Say how a model bears noise, rooms, telephones, codecs and speed."),
    "finetune": ("auricle.cli.finetune", "Train a model on your own data, and say whether it helped."),
    "export": ("auricle.cli.export", "Write a model in another layout, and prove that it writes the same."),
    "push": ("auricle.cli.push", "Send a checkpoint to the Hugging Face Hub, with its card."),
    "check-exercise": (
        "auricle.cli.check_exercise",
        "Say whether a checkpoint passes the hands-on exercise.",
    ),
    "report": ("auricle.cli.report", "Write the HTML page of an evaluation run again."),
    "score": ("auricle.cli.score", "Score texts against references: error rates, intervals, confusions."),
    "compare": ("auricle.cli.compare", "Say whether evaluation runs on the same data really differ."),
    "demo": ("auricle.cli.demo", "Show a model on a page in a browser."),
    "serve": ("auricle.cli.serve", "Serve a model behind the API that OpenAI's clients speak."),
    "doctor": ("auricle.cli.doctor", "Say what this machine has, what is missing, and what to type."),
}


_EPILOG = """\b
Completion with the Tab key, for bash (zsh and fish: put zsh or fish in the place of bash):
  eval "$(_AURICLE_COMPLETE=bash_source auricle)"
"""


@click.group(
    cls=Group,
    table=COMMANDS,
    epilog=_EPILOG,
    context_settings=SETTINGS,
)
@click.version_option(package_name="auricle", message="auricle %(version)s")
def cli() -> None:
    """Auricle: speech in, text out.

    Try:  auricle transcribe --sample
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line as a process of its own, signals included, and exit."""
    from auricle.cli import signals

    signals.install()
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run the command line and return the exit code."""
    from auricle import heap
    from auricle.cli.console import mute, say
    from auricle.cli.signals import Stopped

    # Features and speech detection run beside the model: products of numpy on threads of their own
    # would take the cores from it (21 minutes of speech detection: 3.2 s of CPU on one, 5.5 s on two).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    heap.keep_small()
    sys.setswitchinterval(0.001)  # the decoder waits for the thread that reads, a step takes 3 ms
    from auricle.errors import AuricleError, OptionError

    try:
        return _call(arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.UsageError as error:
        _show(error)
        return 2
    except (click.Abort, KeyboardInterrupt, Stopped) as stop:
        say("auricle: stopped.")
        return stop.code if isinstance(stop, Stopped) else 130
    except BrokenPipeError:
        mute()
        return 1
    except OptionError as error:
        from auricle.cli.flags import as_flags

        say(f"auricle: {as_flags(str(error))}")
        return 1
    except AuricleError as error:
        say(f"auricle: {error}")
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "auricle").startswith("auricle"):
            raise
        say(f"auricle: the package {error.name} is not installed. Type: pip install --upgrade auricle")
        return 1


def _call(arguments: list[str]) -> int:
    code = cli.main(arguments, prog_name="auricle", standalone_mode=False)
    sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _show(error: click.UsageError) -> None:
    """How the command is typed, then what is wrong, in one line."""
    from auricle.cli.console import say

    context = error.ctx
    if context is not None:
        print(context.get_usage(), file=sys.stderr)
    message = error.format_message()
    if " (Did" in message:
        message = message.replace(" (Did", " Did").rstrip(")")
    elif message.endswith(")"):
        message += "."
    if "type: " not in message.lower():
        message += f" Type: {context.command_path if context is not None else 'auricle'} --help"
    say(f"auricle: {message}")

"""Workers do what they are told, and their deaths are told."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing import forkserver
from typing import Any

import pytest

from tests.launch.ends import children, ends
from tests.launch.works import Greeter, Unreadable, obey
from vernal.base import ConfigError, TrainingError
from vernal.launch import Died, Workers

linux = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="looks at processes as Linux shows them")


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(2, obey) as workers:
        yield workers


def one(workers: Workers) -> Any:
    """What the only one who speaks says."""
    [(_, what)] = workers.wait(None)
    return what


def answer(workers: Workers, worker: int, message: dict[str, Any]) -> Any:
    workers.send(worker, message)
    return one(workers)


def from_all(workers: Workers, n: int) -> list[Any]:
    """The next n things that are said."""
    told: list[Any] = []
    while len(told) < n:
        told += workers.wait(None)
    return told


def test_a_worker_answers_with_its_index(workers: Workers) -> None:
    for index in (0, 1):
        workers.send(index, {"do": "echo", "value": [1, {"a": None}]})
    assert sorted(from_all(workers, 2), key=str) == [(index, {"value": [1, {"a": None}]}) for index in (0, 1)]


def test_a_work_may_be_an_object_with_fields() -> None:
    with Workers(1, Greeter("Hello")) as workers:
        assert answer(workers, 0, {"name": "you"}) == {"greeting": "Hello, you from 0"}


def test_a_worker_lives_from_message_to_message(workers: Workers) -> None:
    first, second = (answer(workers, 0, {"do": "pid"}) for _ in range(2))
    assert first == second


def test_messages_keep_their_order(workers: Workers) -> None:
    workers.send(0, {"do": "count", "to": 2000})
    assert [what["number"] for _, what in from_all(workers, 2000)] == [*range(2000)]


def test_many_messages_may_wait_for_a_busy_worker(workers: Workers) -> None:
    for number in range(2000):
        workers.send(1, {"do": "echo", "value": number})
    assert [what["value"] for _, what in from_all(workers, 2000)] == [*range(2000)]


def test_large_messages_both_ways_at_once_do_not_block(workers: Workers) -> None:
    text = "x" * 10_000_000
    for _ in range(2):
        workers.send(0, {"do": "echo", "value": text})
    assert [what["value"] == text for _, what in from_all(workers, 2)] == [True, True]


def test_waiting_has_an_end(workers: Workers) -> None:
    assert workers.wait(0) == []
    workers.send(0, {"do": "spin"})
    one(workers)
    assert workers.wait(0.01) == []


def test_what_is_not_plain_is_refused_where_it_is_sent(workers: Workers) -> None:
    with pytest.raises(TypeError, match="set is not JSON serializable"):
        workers.send(0, {"do": {1}})
    assert answer(workers, 0, {"do": "echo", "value": 1}) == {"value": 1}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_worker_killed_by_a_signal_is_told_once_and_replaced(workers: Workers, number: int) -> None:
    before = answer(workers, 0, {"do": "pid"})
    died = answer(workers, 0, {"do": "kill", "signal": number})
    assert died.status == -number
    assert workers.wait(0.01) == []
    assert answer(workers, 0, {"do": "pid"})["pid"] != before["pid"]


def test_sigint_is_the_tuners_business(workers: Workers) -> None:
    workers.send(0, {"do": "kill", "signal": signal.SIGINT})
    assert answer(workers, 0, {"do": "echo", "value": 1}) == {"value": 1}


def test_the_others_go_on_when_one_dies(workers: Workers) -> None:
    before = answer(workers, 1, {"do": "pid"})
    assert isinstance(answer(workers, 0, {"do": "kill", "signal": signal.SIGKILL}), Died)
    assert answer(workers, 1, {"do": "pid"}) == before


def test_what_a_worker_said_before_it_died_is_told_first(workers: Workers) -> None:
    workers.send(0, {"do": "die", "to": 1000})
    told = [what for _, what in from_all(workers, 1001)]
    assert told[:-1] == [{"number": number} for number in range(1000)]
    assert told[-1].reason == "ended with status 3"


def test_an_exception_ends_a_worker_and_its_traceback_is_told(workers: Workers) -> None:
    died = answer(workers, 0, {"do": "raise", "text": "the loss is NaN"})
    assert died.status == 1
    assert died.last_words.endswith("ValueError: the loss is NaN")


def test_a_crash_tells_where_it_was(workers: Workers) -> None:
    died = answer(workers, 0, {"do": "kill", "signal": signal.SIGSEGV})
    assert "works.py" in died.last_words
    assert died.status == -signal.SIGSEGV


def test_a_work_that_returns_has_ended() -> None:
    with Workers(1, Greeter("Hello")) as workers:
        assert isinstance(answer(workers, 0, {"name": "you"}), dict)
        assert one(workers) == Died(0, "")


def test_modules_are_imported_before_a_worker_starts() -> None:
    with Workers(1, obey, ["colorsys"]) as workers:
        assert answer(workers, 0, {"do": "is imported", "module": "colorsys"}) == {"is_imported": True}
        assert answer(workers, 0, {"do": "is imported", "module": "chunk"}) == {"is_imported": False}


def test_prints_go_to_a_file_of_each_worker_and_not_to_the_terminal(tmp_path, capfd) -> None:
    with Workers(2, obey, logs=tmp_path) as workers:
        answer(workers, 1, {"do": "print", "text": "epoch 1"})
        answer(workers, 1, {"do": "kill", "signal": signal.SIGKILL})
        answer(workers, 1, {"do": "print", "text": "epoch 2"})
    assert (tmp_path / "worker-1.log").read_text() == "epoch 1\nEPOCH 1\nepoch 2\nEPOCH 2\n"
    assert (tmp_path / "worker-0.log").read_text() == ""
    assert capfd.readouterr() == ("", "")


def test_a_stopped_worker_says_nothing_more_and_is_replaced(workers: Workers) -> None:
    before = answer(workers, 0, {"do": "spin"})
    workers.send(0, {"do": "echo", "value": "never"})
    workers.stop(0)
    assert workers.wait(0.01) == []
    assert answer(workers, 0, {"do": "pid"})["pid"] != before["pid"]


def test_what_a_stopped_worker_had_said_is_forgotten(workers: Workers) -> None:
    workers.send(0, {"do": "count", "to": 10})
    workers.send(1, {"do": "pid"})
    from_all(workers, 1)
    workers.stop(0)
    assert [index for index, _ in workers.wait(0.01) if index == 0] == []


def test_what_the_others_say_meanwhile_is_told_later(workers: Workers) -> None:
    answer(workers, 1, {"do": "ignore SIGTERM"})
    workers.send(0, {"do": "echo", "value": 1})
    workers.stop(1)
    assert one(workers) == {"value": 1}


def test_stopping_nobody_is_fine(workers: Workers) -> None:
    workers.stop(0)
    workers.stop(0)
    assert answer(workers, 0, {"do": "echo", "value": 1}) == {"value": 1}


@linux
@pytest.mark.parametrize("deed", ["spin", "hold", "freeze", "ignore SIGTERM"])
def test_a_worker_can_be_stopped_whatever_it_does(workers: Workers, deed: str) -> None:
    pid = answer(workers, 0, {"do": deed})["pid"]
    workers.stop(0)
    assert not os.path.exists(f"/proc/{pid}")


@linux
def test_what_a_worker_has_started_ends_with_it(workers: Workers) -> None:
    pid = answer(workers, 0, {"do": "have a child"})["pid"]
    answer(workers, 0, {"do": "kill", "signal": signal.SIGKILL})
    assert ends([pid])


@linux
def test_closing_ends_busy_workers_and_their_server(workers: Workers) -> None:
    pids = [*answer(workers, 0, {"do": "spin"}).values(), answer(workers, 1, {"do": "hold"})["pid"]]
    workers.close()
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


@linux
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_closes(error: type[BaseException]) -> None:
    pids: list[int] = []

    def fail_with_busy_workers() -> None:
        with Workers(1, obey) as workers:
            pids.extend(answer(workers, 0, {"do": "spin"}).values())
            raise error

    with pytest.raises(error):
        fail_with_busy_workers()
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_closing_twice_is_fine(workers: Workers) -> None:
    workers.close()
    workers.close()


def test_closing_before_anything_has_started_is_fine() -> None:
    Workers(2, obey, ["json"]).close()


def test_a_worker_that_cannot_begin_is_an_error_with_its_words() -> None:
    with Workers(1, Unreadable()) as workers, pytest.raises(TrainingError, match=r"3 in a row.*\n.*data set is gone"):
        workers.wait(None)


def test_a_module_that_cannot_be_imported_is_an_error() -> None:
    with (
        pytest.raises(TrainingError, match="No module named 'no_such_module'"),
        Workers(1, obey, ["no_such_module"]) as w,
    ):
        w.wait(None)


def test_a_killed_server_is_an_error_not_silence(workers: Workers) -> None:
    os.kill(answer(workers, 0, {"do": "pid"})["server"], signal.SIGKILL)
    with pytest.raises(TrainingError, match="forked from was killed by signal 9"):
        from_all(workers, 3)


def test_a_work_that_no_other_process_can_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="Use functions and classes of a module"):
        Workers(1, lambda channel, index: None)


@linux
def test_nothing_is_left_behind() -> None:
    def possessions() -> tuple[int, int, list[str]]:
        return len(os.listdir("/proc/self/fd")), threading.active_count(), children()

    before = possessions()
    for _ in range(10):
        with Workers(2, obey) as workers:
            answer(workers, 0, {"do": "pid"})
            workers.stop(0)
    assert possessions() == before


def test_it_works_from_a_thread_that_ends() -> None:
    opened: list[Workers] = []
    thread = threading.Thread(target=lambda: opened.append(Workers(1, obey)))
    thread.start()
    thread.join()
    with opened[0] as workers:
        assert answer(workers, 0, {"do": "echo", "value": 1}) == {"value": 1}


def test_the_users_multiprocessing_is_left_alone() -> None:
    before = {**vars(forkserver._forkserver)}
    with Workers(1, obey, ["json"]) as workers:
        answer(workers, 0, {"do": "pid"})
    assert vars(forkserver._forkserver) == before

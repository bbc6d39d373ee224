"""The history: what comes back, and what no accident may take away."""

import os
import resource
import signal

import h5py
import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.optimize import history as history_module
from adjointdesign.optimize.evaluation import Evaluation
from adjointdesign.optimize.history import History


def evaluation(i, n=5, k=2, m=0, readings=True):
    """Numbers that differ in every part and for every i."""
    rng = np.random.default_rng(i)
    extra = {"s21": rng.random(3) + 1j * rng.random(3), "beta": float(i), "binary": np.bool_(i % 2)} if readings else {}
    return Evaluation(rng.random(n), rng.random(k), rng.random((k, n)), rng.random(m), rng.random((m, n)), extra)


def assert_same(record, stage, expected):
    assert record.stage == stage
    for name in history_module.PARTS:
        got, want = getattr(record.evaluation, name), getattr(expected, name)
        assert got.shape == want.shape and got.tobytes() == want.tobytes(), name
    assert record.evaluation.readings.keys() == expected.readings.keys()
    for name, value in expected.readings.items():
        assert record.evaluation.readings[name].tobytes() == np.asarray(value).tobytes()


def plan():
    """Two stages of different sizes, the second one large enough to grow (files hold at least two rows a stage)."""
    return [(0, evaluation(i)) for i in range(3)] + [(2, evaluation(i, n=40000, m=3)) for i in range(3, 8)]


def filled(path):
    with History.create(path, {"seed": 7}) as history:
        for i, (stage, item) in enumerate(plan()):
            history.append(stage, item, 10.0 * i)
    return path


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The bytes of a filled history."""
    return filled(tmp_path_factory.mktemp("history") / "history.h5").read_bytes()


@pytest.fixture
def path(tmp_path, sample):
    (tmp_path / "history.h5").write_bytes(sample)
    return tmp_path / "history.h5"


def test_everything_comes_back_to_the_bit(path):
    with History.open(path) as history:
        assert len(history) == len(plan()) and history.attributes == {"seed": 7}
        for i, (stage, item) in enumerate(plan()):
            assert_same(history[i], stage, item)
        assert history[-1].elapsed == 70.0
        with pytest.raises(IndexError):
            history[len(plan())]


def test_columns(path):
    expected = plan()
    with History.open(path) as history:
        np.testing.assert_array_equal(history.values("objective"), [item.value for _, item in expected])
        np.testing.assert_array_equal(history.values("stage"), [stage for stage, _ in expected])
        s21 = [item.readings["s21"] for stage, item in expected if stage == 2]
        np.testing.assert_array_equal(history.values("s21", stage=2), s21)
        assert history.values("jacobian", stage=2).shape == (5, 2, 40000)
        with pytest.raises(InputError, match="stage"):
            history.values("x")
        with pytest.raises(InputError, match="s12"):
            history.values("s12")


def test_any_hdf5_reader_can_read_it_while_it_is_written(path):
    with History.open(path, writable=True) as history, h5py.File(path, "r") as file:
        count = file["count"][0]
        assert count == len(history)
        rows = file["stage_0001/values"][: count - file["stage_0001"].attrs["start"]]
        np.testing.assert_array_equal(rows, history.values("values", stage=2))
        assert file["stage_0001/readings/s21"].dtype == complex


def test_appending_goes_on_after_reopening(path):
    with History.open(path, writable=True) as history:
        for i in range(8, 30):
            history.append(2, evaluation(i, n=40000, m=3), 0.0)
    with History.open(path) as history:
        assert len(history) == 30
        assert_same(history[2], *plan()[2])
        assert_same(history[29], 2, evaluation(29, n=40000, m=3))


@pytest.mark.parametrize(
    "stage, item, word",
    [
        (2, evaluation(1, n=40000, m=2), "constraints"),
        (2, evaluation(1, n=40000, m=3, readings=False), "readings/s21"),
        (1, evaluation(1, n=40000, m=3), "stage"),
        (3, Evaluation(np.ones(2), np.ones(1), np.ones((1, 2)), np.ones(0), np.ones((0, 2)), {"a": "text"}), "numbers"),
        (3, Evaluation(np.ones(2), np.ones(1), np.ones((1, 2)), np.ones(0), np.ones((0, 2)), {"a/b": 1}), "slash"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_and_harms_nothing(path, sample, stage, item, word):
    with History.open(path, writable=True) as history, pytest.raises(InputError, match=word):
        history.append(stage, item, 0.0)
    assert path.read_bytes() == sample


def test_create_refuses_what_exists_and_open_what_does_not(path):
    with pytest.raises(InputError, match="new file"):
        History.create(path)
    with pytest.raises(InputError, match="existing folder"):
        History.create(path.parent / "no" / "history.h5")
    with pytest.raises(InputError, match="existing file"):
        History.open(path.parent / "none.h5")


def test_damage_anywhere_is_refused_by_name(path, sample):
    with History.open(path) as history:
        last = history._layout.segments[-1]
        used = [(c.offset, c.offset + 5 * c.nbytes) for c in last.columns.values()]
    in_use = used[0][0] + 1000
    user_block = history._layout.user_block
    damages = {
        "truncated": sample[: len(sample) // 2],
        "one byte short": sample[:-1],
        "empty": b"",
        "other format": b"\x89HDF\r\n\x1a\n" + sample[8:],
        "description": sample[:200] + b"x" + sample[201:],
        "HDF5 superblock": sample[: user_block + 20] + b"\xff" * 8 + sample[user_block + 28 :],
        "record": sample[:in_use] + bytes([sample[in_use] ^ 1]) + sample[in_use + 1 :],
    }
    count = history._layout.count_offset
    damages["count"] = sample[:count] + np.int64(9).tobytes() + sample[count + 8 :]
    for name, data in damages.items():
        path.write_bytes(data)
        with pytest.raises(InputError, match="undamaged history") as caught:
            History.open(path)
        assert str(path) in caught.value.what and "restore" in caught.value.remedy, name


def in_child(action):
    """Run in a forked child that reports by its exit status; returns that of waitpid."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1]


def test_killed_at_every_system_call(tmp_path, monkeypatch):
    """A process that appends dies at its 1st, 2nd, ... call that touches the disk, in the middle of what it writes."""
    expected = [(0, evaluation(0)), *((1, evaluation(i, n=40000)) for i in (1, 2, 3))]
    calls = ["pwrite", "fsync", "fdatasync", "replace", "posix_fallocate"]
    kills, deaths, finished = 0, set(), False
    while not finished:
        path = tmp_path / f"{kills}.h5"
        acknowledged, report = os.pipe()

        def run(path=path, limit=kills, report=report):
            left = [limit]

            def lethal(name, original):
                def call(*arguments):
                    if left[0] == 0:
                        if name == "pwrite":  # half of it reaches the file
                            descriptor, data, offset = arguments
                            original(descriptor, bytes(data)[: len(data) // 2], offset)
                        os.kill(os.getpid(), signal.SIGKILL)
                    left[0] -= 1
                    return original(*arguments)

                return call

            for name in calls:
                setattr(os, name, lethal(name, getattr(os, name)))
            with History.create(path) as history:
                os.write(report, b"c")
                for stage, item in expected:
                    history.append(stage, item, 1.0)
                    os.write(report, b"a")
            os._exit(0)

        status = in_child(run)
        finished = status == 0
        os.close(report)
        done = os.read(acknowledged, 100)
        os.close(acknowledged)
        assert finished or os.WTERMSIG(status) == signal.SIGKILL
        if done:
            # The kill can fall between the count on the disk and the acknowledgement, never the other way round.
            with History.open(path, writable=True) as history:
                assert done.count(b"a") <= len(history) <= done.count(b"a") + 1
                for i in range(len(history)):
                    assert_same(history[i], *expected[i])
                for stage, item in expected[len(history) :]:
                    history.append(stage, item, 1.0)
                assert_same(history[3], *expected[3])
            assert list(tmp_path.glob(f"{kills}.h5.new")) == []
        else:
            assert finished is False and (not path.exists() or len(History.open(path)) == 0)
        deaths.add(done.count(b"a"))
        kills += 1
    assert deaths == {0, 1, 2, 3, 4} and kills > 50


def test_full_disk_is_clear_and_harmless(tmp_path):
    """A file-size limit stands for the full disk: the kernel refuses to lengthen any file."""
    path = tmp_path / "history.h5"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with History.create(path) as history:
        history.append(0, evaluation(0, n=40000), 0.0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, hard))
        try:
            with pytest.raises(InputError, match="room on the disk") as caught:
                for i in range(1, 10):
                    history.append(0, evaluation(i, n=40000), 0.0)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert str(path) in caught.value.what
        recorded = len(history)
        assert recorded >= 2 and os.listdir(tmp_path) == ["history.h5"]
        with History.open(path) as other:
            assert len(other) == recorded
        history.append(0, evaluation(recorded, n=40000), 0.0)  # there is room again
    with History.open(path) as history:
        for i in range(recorded + 1):
            assert_same(history[i], 0, evaluation(i, n=40000))


def test_room_for_coming_rows_is_on_the_disk_already(path):
    """So that a disk that fills up meanwhile does not stop a row."""
    with History.open(path, writable=True) as history:
        history.append(3, evaluation(0, n=40000), 0.0)
    status = os.stat(path)
    assert status.st_blocks * 512 >= status.st_size > 4e6


def test_full_disk_while_writing_a_row(path, monkeypatch):
    """Where blocks cannot be reserved ahead (copy-on-write file systems), the row itself meets the full disk."""
    with History.open(path, writable=True) as history:
        original, calls = os.pwrite, []

        def full(*arguments):
            calls.append(arguments)
            if len(calls) == 3:
                raise OSError(28, "No space left on device")
            return original(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", full)
            with pytest.raises(InputError, match="room on the disk"):
                history.append(2, evaluation(8, n=40000, m=3), 0.0)
    with History.open(path, writable=True) as history:
        assert len(history) == 8
        history.append(2, evaluation(9, n=40000, m=3), 0.0)
        assert_same(history[8], 2, evaluation(9, n=40000, m=3))

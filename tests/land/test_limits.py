"""DuckDB's share of the machine."""

import os

import pytest

from exepron_pipeline.land.limits import THREADS, limits


@pytest.mark.parametrize(("cores", "threads", "memory"), [(1, 1, "128MB"), (2, 2, "192MB"), (64, 4, "320MB")])
def test_many_cores_do_not_take_more(monkeypatch, cores, threads, memory):
    """Threads are few, and each brings its memory with it: rows at hand of 16 of them would not fit."""
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert limits() == {"memory_limit": memory, "threads": threads}


def test_the_warehouse_keeps_to_them(desk):
    """The writer's DuckDB has no more threads than that, whatever the machine."""
    with desk.open() as con:
        [(threads,)] = con.sql("SELECT current_setting('threads')").fetchall()
    assert threads == min(THREADS, os.cpu_count() or 1)

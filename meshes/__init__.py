"""Geometries and the meshes made from them; README.md names every tag."""

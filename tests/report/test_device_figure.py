"""The key of the device's figure: no disc covers another's words, however large the features are."""

import matplotlib
import numpy as np
import pytest
import run_folders

from adjointdesign.report import draw_device
from adjointdesign.report.run_folder import RunFolder


@pytest.mark.parametrize("solid, void", [(90e-9, 70e-9), (140e-9, 600e-9), (500e-9, 500e-9), (np.inf, 300e-9)])
def test_discs_and_words_keep_apart(tmp_path, monkeypatch, solid, void):
    run = RunFolder(run_folders.write_run(tmp_path / "run"))
    run.design.length_scale.update(solid=solid, void=void)
    drawn = []
    monkeypatch.setattr(draw_device, "png", drawn.append)
    draw_device.device(run)
    (figure,) = drawn
    with matplotlib.rc_context({"font.family": "DejaVu Sans"}):
        figure.canvas.draw()
    key = figure.axes[1]
    words = [t.get_window_extent() for t in key.texts]
    discs = [p.get_window_extent() for p in key.patches]
    assert len(words) == len(discs) + 1 == 1 + np.isfinite([solid, void]).sum()
    everything = [*words, *discs]
    for i, one in enumerate(everything):
        assert figure.bbox.x0 <= one.x0 and one.x1 <= figure.bbox.x1
        assert not any(one.overlaps(other) for other in everything[i + 1 :])

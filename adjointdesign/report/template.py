"""The frame of the page: one file, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from adjointdesign.report.markup import Markup, tag, text

CSS = """
:root { color-scheme: light dark; --ink: #1f2933; --quiet: #5c6b7a; --line: #d9e0e8; --paper: #ffffff; --tint: #f4f7fa;
  --good: #0b6e4f; --good-tint: #e6f4ee; --bad: #b3261e; --bad-tint: #fbeae9; --accent: #0b5c99; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --quiet: #9fb0c0; --line: #33414f; --paper: #151b22;
  --tint: #1d252e; --good: #6fd3a8; --good-tint: #14322a; --bad: #ff9d94; --bad-tint: #3d1f1d; --accent: #7cc0f2; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif; }
header p.kind { margin: 0; color: var(--quiet); font-size: .9rem; }
h1 { margin: .1rem 0 .3rem; font-size: 2.1rem; line-height: 1.15; letter-spacing: -.01em; }
h2 { margin: 2.8rem 0 .6rem; padding-top: .9rem; border-top: 1px solid var(--line); font-size: 1.35rem; }
h3 { margin: 1.6rem 0 .4rem; font-size: 1.05rem; }
p { margin: .5rem 0 .8rem; max-width: 46rem; }
p.lead { font-size: 1.1rem; }
a { color: var(--accent); }
code, pre, .n { font-variant-numeric: tabular-nums; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", "Liberation Mono", monospace; font-size: .88em; }
pre { padding: .8rem 1rem; overflow-x: auto; background: var(--tint); border: 1px solid var(--line);
  border-radius: 6px; }
.verdicts { display: grid; grid-template-columns: repeat(auto-fill, minmax(12.5rem, 1fr));
  gap: .8rem; margin: 1.4rem 0; }
.verdict { padding: .8rem 1rem; border: 1px solid var(--line); border-left: 5px solid var(--quiet); border-radius: 6px;
  background: var(--tint); }
.verdict b { display: block; font-size: 1.1rem; line-height: 1.35; }
.verdict .what, .verdict .more { display: block; color: var(--quiet); font-size: .85rem; }
.verdict.yes { border-left-color: var(--good); background: var(--good-tint); }
.verdict.no { border-left-color: var(--bad); background: var(--bad-tint); }
.notice { padding: .7rem 1rem; border-left: 5px solid var(--bad); background: var(--bad-tint); border-radius: 6px; }
.good { color: var(--good); white-space: nowrap; } .bad { color: var(--bad); font-weight: 600; white-space: nowrap; }
.quiet { color: var(--quiet); }
figure { margin: 1rem 0; }
figure.card { padding: .8rem; background: #fff; border: 1px solid var(--line); border-radius: 6px; }
figure img { display: block; width: 100%; height: auto; margin: 0 auto; }
figure.narrow img { max-width: 33rem; }
figcaption { margin-top: .5rem; color: #5c6b7a; font-size: .88rem; }
.beside { display: grid; grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); gap: 0 1.4rem; align-items: start; }
@media (max-width: 46rem) { .beside { grid-template-columns: minmax(0, 1fr); } }
.scroll { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; font-size: .9rem; }
table.wide { width: 100%; }
th, td { padding: .32rem .7rem .32rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
thead th { white-space: nowrap; }
th.n, td.n { text-align: right; white-space: nowrap; padding-left: .5rem; }
th[scope=row] { white-space: nowrap; padding-right: 1.2rem; } sub, sup { line-height: 0; }
details { margin: .6rem 0; } summary { cursor: pointer; color: var(--accent); }
footer { margin-top: 3rem; padding-top: .8rem; border-top: 1px solid var(--line); color: var(--quiet);
  font-size: .85rem; }
@media print { :root { --ink: #000; --quiet: #444; --paper: #fff; --tint: #fff; --line: #bbb; --good: #0b6e4f;
  --bad: #b3261e; --good-tint: #fff; --bad-tint: #fff; --accent: #000; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  table { font-size: 8pt; } td, th { padding-right: .4rem; } .verdicts { grid-template-columns: repeat(4, 1fr); }
  h2 { margin-top: 1.6rem; } figure.card { border: 0; padding: 0; }
  figure, tr, .verdict, pre { break-inside: avoid; } h2, h3 { break-after: avoid; } .scroll { overflow: visible; } }
"""


def page(title: str, body: Markup) -> str:
    """A complete document."""
    head = tag(
        "head",
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", title),
        tag("style", Markup(CSS)),
    )
    return "<!DOCTYPE html>\n" + Markup(f'<html lang="en">{head}\n{tag("body", text(body))}</html>\n')

"""Sphinx's settings for the book; lib/tasks/book/build.ts copies this file beside the chapters."""

from pathlib import Path

project = "Interleave"
extensions = ["myst_nb"]
exclude_patterns = ["progs"]

# The chapters come with their outputs.
nb_execution_mode = "off"
nb_merge_streams = True
# With tables: what cells say of claims and results.
nb_render_markdown_format = "myst"
myst_heading_anchors = 3

html_theme = "furo"
html_title = "Interleave"
html_static_path = ["_static"]
html_css_files = ["fonts.css", "figures.css"]
html_js_files = ["plotly.min.js", "figures.js"]
# The cells can be run in the page.
if (Path(__file__).parent / "_static" / "live").exists():
    html_css_files.append("live/live.css")
    html_js_files.append("live/page.js")
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "friendly"
pygments_dark_style = "monokai"

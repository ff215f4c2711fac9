"""Sphinx's settings for the book; lib/tasks/book/build.ts copies this file beside the chapters."""

project = "Interleave"
extensions = ["myst_nb"]
exclude_patterns = ["progs"]

# The chapters come with their outputs.
nb_execution_mode = "off"
nb_merge_streams = True
# With tables: what cells say of claims and results.
nb_render_markdown_format = "myst"
myst_heading_anchors = 3

if tags.has("zh"):  # noqa: F821, Sphinx defines it
    language = "zh_CN"

html_theme = "furo"
html_title = "Interleave"
html_static_path = ["_static"]
html_extra_path = ["extra"]
html_css_files = ["fonts.css", "figures.css", "live/live.css"]
html_js_files = ["figures.js", "live/page.js"]
if tags.has("zh"):  # noqa: F821
    html_js_files.insert(1, "live/words-zh.js")
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "friendly"
pygments_dark_style = "monokai"

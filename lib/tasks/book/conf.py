"""Sphinx's settings for the book; lib/tasks/book/build.ts copies this file beside the chapters."""

import re

from sphinx.search.zh import SearchChinese

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
    nb_code_prompt_show = "显示代码"
    nb_code_prompt_hide = "隐藏代码"

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


class ChineseSearch(SearchChinese):
    """Finds Chinese text by pairs of characters: Sphinx's own way takes a package that cuts text into words."""

    # Sphinx names the stemmer in the page after this, and the page has the English one.
    language_name = "English"
    js_splitter_code = """
function splitQuery(query) {
  return (query.match(/[A-Za-z0-9_]+|\\p{Script=Han}+/gu) ?? []).flatMap((run) =>
    /[A-Za-z0-9_]/.test(run) || run.length < 3
      ? [run]
      : Array.from({ length: run.length - 1 }, (_, n) => run.slice(n, n + 2))
  );
}
"""

    def split(self, input: str) -> list[str]:
        latin = self.latin1_letters.findall(input)
        self.latin_terms.update(latin)
        runs = re.findall(r"[\u3400-\u9fff]+", input)
        pairs = [run[n : n + 2] for run in runs for n in range(len(run) - 1)]
        return latin + pairs + [character for run in runs for character in run]

    def word_filter(self, stemmed_word: str) -> bool:
        return len(stemmed_word) > 1 or stemmed_word >= "\u3400"


def setup(app):
    app.add_search_language(ChineseSearch)

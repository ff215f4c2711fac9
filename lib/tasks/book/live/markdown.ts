/** The little Markdown that outputs are written in: tables, fences, bold, code, paragraphs, lists, a few tags. */

export function markdownToHtml(markdown: string): string {
  return markdown.trim().split(/^(```[^\n]*\n[^]*?\n```)$/m).map((part) => {
    const fenced = /^```[^\n]*\n([^]*)\n```$/.exec(part);
    return fenced ? `<pre>${escapeHtml(fenced[1])}</pre>` : blocks(part);
  }).join("\n");
}

function blocks(markdown: string): string {
  return markdown.trim().split(/\n{2,}/).filter((block) => block !== "").map((block) => {
    const folded = /^<details><summary>([^<]*)<\/summary>$/.exec(block);
    if (folded) return `<details><summary>${inline(folded[1])}</summary>`;
    if (block === "</details>") return block;
    const lines = block.split("\n");
    if (/^\|[\s:|-]+\|$/.test(lines[1] ?? "")) return table(lines);
    if (lines.every((line) => /^[-*] /.test(line))) {
      return `<ul>${lines.map((line) => `<li>${inline(line.slice(2))}</li>`).join("")}</ul>`;
    }
    const heading = /^#{1,6} (.*)$/.exec(block);
    return heading ? `<p><strong>${inline(heading[1])}</strong></p>` : `<p>${inline(block)}</p>`;
  }).join("\n");
}

function table([head, , ...rows]: readonly string[]): string {
  const cells = (line: string, tag: string) =>
    line.replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((text) => `<${tag}>${inline(text.trim())}</${tag}>`).join("");
  return `<table class="docutils"><thead><tr>${cells(head, "th")}</tr></thead><tbody>${
    rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("")
  }</tbody></table>`;
}

const escapeHtml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** What reports colour a sign with. */
const COLOURED = /&lt;span style="color:(#[\da-f]{3,8})">([^<]*?)&lt;\/span>/g;

/** Code first, where no other sign means anything; a backslash takes a sign its meaning; `<br>` and colours are tags. */
function inline(text: string): string {
  return text.replaceAll("\\|", "|").split(/(`[^`]+`)/).map((part) => {
    if (/^`.+`$/.test(part)) return `<code>${escapeHtml(part.slice(1, -1))}</code>`;
    const signs: string[] = [];
    const plain = part.replace(/\\([!-/:-@[-`{-~])/g, (_, sign) => `\0${signs.push(sign) - 1}\0`);
    return escapeHtml(plain).replaceAll("&lt;br>", "<br>").replace(COLOURED, '<span style="color:$1">$2</span>')
      .replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
      .replace(/\*([^*\s][^*]*)\*/g, "<em>$1</em>")
      // a sign that no text has stands for the escaped one
      .replace(/\0(\d+)\0/g, (_, index) => escapeHtml(signs[index]));
  }).join("");
}

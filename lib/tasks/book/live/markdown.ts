/** The little Markdown that outputs are written in: tables, bold, code, paragraphs, lists. */

export function markdownToHtml(markdown: string): string {
  const blocks = markdown.trim().split(/\n{2,}/).map((block) => block.split("\n"));
  return blocks.map((lines) => {
    if (/^\|[\s:|-]+\|$/.test(lines[1] ?? "")) return table(lines);
    if (lines.every((line) => /^[-*] /.test(line))) {
      return `<ul>${lines.map((line) => `<li>${inline(line.slice(2))}</li>`).join("")}</ul>`;
    }
    const heading = /^(#{1,6}) (.*)$/.exec(lines[0]);
    if (heading && lines.length === 1) return `<p><strong>${inline(heading[2])}</strong></p>`;
    return `<p>${inline(lines.join("\n"))}</p>`;
  }).join("\n");
}

function table([head, , ...rows]: readonly string[]): string {
  const cells = (line: string, tag: string) =>
    line.replace(/^\||\|$/g, "").split(/(?<!\\)\|/)
      .map((text) => `<${tag}>${inline(text.trim().replaceAll("\\|", "|"))}</${tag}>`).join("");
  return `<table class="docutils"><thead><tr>${cells(head, "th")}</tr></thead><tbody>${
    rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("")
  }</tbody></table>`;
}

function inline(text: string): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return escaped.split(/(`[^`]+`)/).map((part) =>
    /^`.+`$/.test(part)
      ? `<code>${part.slice(1, -1)}</code>`
      : part.replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>").replace(/\*([^*\s][^*]*)\*/g, "<em>$1</em>")
  ).join("");
}

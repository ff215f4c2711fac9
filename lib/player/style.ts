/**
 * How the player looks. Text and paper are the page's own, and shades are mixed of the text's colour: so it is light on
 * light pages and dark on dark ones, whichever way a front end says which it is. Right and wrong have signs beside colours.
 */
export const STYLE = `
.interleave-player{--ip-line:color-mix(in srgb,currentColor 30%,transparent);
--ip-shade:color-mix(in srgb,currentColor 7%,transparent);--ip-bad:#d5401f;--ip-good:#0a8f68;
font:14px/1.45 system-ui,sans-serif;max-width:60rem;margin:.5rem 0;padding:.75rem;border:1px solid var(--ip-line);
border-radius:6px;overflow-wrap:anywhere}
.interleave-player *{box-sizing:border-box}
.interleave-player.interleave-player.interleave-player code{font:.92em ui-monospace,"JetBrains Mono",monospace;background:none;color:inherit;padding:0;
border:0;white-space:pre-wrap}
.interleave-player p{margin:.25rem 0}
.interleave-player .ip-title{font-weight:600;font-size:15px}
.interleave-player .ip-note,.interleave-player .ip-quiet{opacity:.78}
.interleave-player .ip-note{font-size:12.5px}
.interleave-player .ip-cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));
gap:.5rem;margin:.5rem 0}
.interleave-player .ip-card{border:1px solid var(--ip-line);border-radius:6px;padding:.5rem;display:flex;
flex-direction:column;gap:.35rem}
.interleave-player .ip-waits{border-style:dashed}
.interleave-player .ip-steps{display:flex;flex-direction:column;gap:.35rem}
.interleave-player .ip-registers{font:.92em ui-monospace,"JetBrains Mono",monospace;min-height:1.4em}
.interleave-player button{font:inherit;color:inherit;background:var(--ip-shade);border:1px solid var(--ip-line);
border-radius:6px;min-height:44px;padding:.3rem .7rem;cursor:pointer;text-align:left}
.interleave-player button[hidden]{display:none}
.interleave-player button:hover{background:color-mix(in srgb,currentColor 14%,transparent)}
.interleave-player :focus-visible{outline:3px solid #3584e4;outline-offset:1px}
.interleave-player button[aria-disabled=true]{opacity:.7;cursor:default;background:none;border-style:dashed}
.interleave-player .ip-step{display:flex;flex-direction:column;width:100%}
.interleave-player .ip-effect{font-weight:600}
.interleave-player .ip-insn{font-size:12px}
.interleave-player .ip-status{min-height:1.45em;font-weight:600;border-left:4px solid var(--ip-line);padding-left:.5rem}
.interleave-player .ip-status.ip-wrong{border-color:var(--ip-bad)}
.interleave-player .ip-status.ip-right{border-color:var(--ip-good)}
.interleave-player .ip-bar{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.5rem 0}
.interleave-player .ip-slider{flex:1 1 10rem;min-width:8rem;height:44px;margin:0}
.interleave-player .ip-schedule{flex:1 1 12rem;min-width:0;height:44px;font:13px ui-monospace,monospace;color:inherit;
background:var(--ip-shade);border:1px solid var(--ip-line);border-radius:6px;padding:0 .5rem}
.interleave-player .ip-columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,14rem),1fr));gap:.75rem}
.interleave-player .ip-heading{font-weight:600}
.interleave-player table.ip-memory{border-collapse:collapse;margin:.25rem 0;width:auto;font:13px ui-monospace,monospace}
.interleave-player table.ip-memory th,.interleave-player table.ip-memory td{border:1px solid var(--ip-line);
padding:.15rem .5rem;text-align:left;font-weight:400;background:none;color:inherit}
.interleave-player .ip-changed td{font-weight:700;background:var(--ip-shade)}
.interleave-player ul.ip-ends,.interleave-player ol.ip-taken{margin:.25rem 0;padding-left:0;list-style:none}
.interleave-player ol.ip-taken{max-height:11rem;overflow-y:auto;list-style:decimal;padding-left:2.2rem}
.interleave-player .ip-gone code{text-decoration:line-through}
.interleave-player .ip-gone{opacity:.75}
.interleave-player .ip-gone .ip-quiet{opacity:1}
.interleave-player li.ip-wrong .ip-mark{color:var(--ip-bad)}
.interleave-player li.ip-right .ip-mark{color:var(--ip-good)}
.interleave-player .ip-ahead{opacity:.6;font-style:italic}
.interleave-player [aria-current=step]{font-weight:600}
.interleave-player img{max-width:100%;background:#fff}
@media(max-width:30rem){.interleave-player{padding:.5rem}}
`.trim().replaceAll("\n", "");

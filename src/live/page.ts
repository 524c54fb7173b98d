/** The document of a live page: a frame that its script fills (src/page/live-page.ts). It holds nothing of the run but its name. */
import { escaped } from '../report/html.js'

export function livePage(title: string): string {
  const name = escaped(title)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}, live</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<link rel="stylesheet" href="/live-page.css">
</head>
<body>
<header class="page"><h1>${name}</h1><span id="connection" class="pill" role="status">connecting</span><button type="button" id="appearance"></button></header>
<main>
<p id="about" class="about"></p>
<div class="where"><span id="where">waiting for the first sample</span><progress id="progress" max="1" value="0" aria-label="Part of the planned time"></progress></div>
<section id="end" hidden>
<h2>The run has ended</h2>
<p id="end-state"></p>
<pre id="end-table" tabindex="0" aria-label="Figures of the run"></pre>
</section>
<dl id="tiles" class="tiles"></dl>
<form id="controls" class="controls" aria-label="Steer the run">
<div class="buttons"><button type="button" id="pause" aria-pressed="false">Pause</button><button type="button" id="stop">Stop the run</button></div>
<fieldset id="scan"><legend>Scan rate</legend>
<label><input type="number" id="scan-value" min="0" step="1" required> <span id="scan-unit"></span></label>
<button type="button" id="scan-set">Set</button>
<button type="button" id="scan-none">None</button>
<button type="button" id="scan-unthrottled">Unthrottled</button>
<button type="button" id="scan-planned">As planned</button>
</fieldset>
<fieldset id="load"><legend>Guests’ load</legend></fieldset>
<fieldset id="nice"><legend>Scanner’s niceness</legend>
<label><input type="number" id="nice-value" min="-20" max="19" step="1" value="0" required> <span>−20 to 19</span></label>
<button type="button" id="nice-set">Set</button>
</fieldset>
<p id="answer" class="answer-line" role="status"></p>
</form>
<h2>Guests</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Guests"><table id="guests"><thead></thead><tbody></tbody></table></div>
<p class="about">In MiB at full size, as esxtop names it: memory, shared, its part of what is saved, zeros, hints, swapped.</p>
<h2>Scanner</h2>
<dl id="scanner" class="tiles small"></dl>
<h2>Over time</h2>
<div id="charts"></div>
<h2>What was changed</h2>
<ol id="changes"><li>nothing so far</li></ol>
</main>
<script src="/live-page.js"></script>
</body>
</html>
`
}

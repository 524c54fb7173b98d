/** report.html of a study or a validation: its charts are pictures in light colours, and get copies in dark ones. */
import { recoloured } from '../charts/recoloured.js'
import { DARK, LIGHT } from '../charts/theme.js'
import { Appearance } from './appearance.js'

const SVG = 'data:image/svg+xml;base64,'

const appearance = new Appearance(document.querySelector<HTMLButtonElement>('#appearance')!, copyWhereDark)
let hasCopies = false
copyWhereDark()

/** Which of the two is seen is said by the style, so that on paper none has to be loaded first. */
function copyWhereDark(): void {
  if (hasCopies || appearance.theme() !== DARK) return
  hasCopies = true
  for (const light of document.querySelectorAll('img')) {
    const dark = light.cloneNode() as HTMLImageElement
    // Bytes of UTF-8 pass through as they are: what is replaced is ASCII.
    dark.src = SVG + btoa(recoloured(atob(light.src.slice(SVG.length)), LIGHT, DARK))
    light.className = 'on-light'
    dark.className = 'on-dark'
    light.after(dark)
  }
}

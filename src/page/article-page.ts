/** report.html of a study or a validation: its charts are pictures, so there are only colours to choose. */
import { Appearance } from './appearance.js'

new Appearance(document.querySelector<HTMLButtonElement>('#appearance')!, () => {})

/** Light or dark: as the system has it until the reader says otherwise; on paper always light. */
import { DARK, LIGHT, type Theme } from '../charts/theme.js'

export class Appearance {
  private readonly systemIsDark = matchMedia('(prefers-color-scheme: dark)')
  private readonly isPrinted = matchMedia('print')
  /** What the reader said. */
  private isDark: boolean | undefined

  /** @param onChange called when the theme has changed */
  constructor(
    private readonly button: HTMLButtonElement,
    private readonly onChange: () => void,
  ) {
    button.addEventListener('click', () => {
      this.isDark = this.theme() !== DARK
      this.apply()
    })
    for (const media of [this.systemIsDark, this.isPrinted]) {
      media.addEventListener('change', () => this.apply())
    }
    this.show()
  }

  theme(): Theme {
    if (this.isPrinted.matches) return LIGHT
    return (this.isDark ?? this.systemIsDark.matches) ? DARK : LIGHT
  }

  private apply(): void {
    this.show()
    this.onChange()
  }

  private show(): void {
    const isDark = this.theme() === DARK
    document.documentElement.dataset.theme = isDark ? 'dark' : 'light'
    this.button.textContent = isDark ? 'Light' : 'Dark'
    this.button.setAttribute('aria-label', `${isDark ? 'Light' : 'Dark'} colours`)
  }
}

/** Light or dark: as the system has it until the reader says otherwise; on paper always light. */
import { DARK, LIGHT, type Theme } from '../charts/theme.js'

export class Appearance {
  private readonly systemIsDark = matchMedia('(prefers-color-scheme: dark)')
  private isPrinted = false
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
    this.systemIsDark.addEventListener('change', () => this.apply())
    // A change of the medium, as matchMedia tells it, comes only after the page was printed.
    addEventListener('beforeprint', () => this.print(true))
    addEventListener('afterprint', () => this.print(false))
    this.show()
  }

  theme(): Theme {
    if (this.isPrinted) return LIGHT
    return (this.isDark ?? this.systemIsDark.matches) ? DARK : LIGHT
  }

  private print(isPrinted: boolean): void {
    this.isPrinted = isPrinted
    this.apply()
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

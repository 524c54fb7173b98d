/**
 * Zipf-distributed ranks 0 … n−1: rank k with a probability proportional to 1 / (k+1)^exponent, without a table.
 * Rejection-inversion (Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone discrete
 * distributions", ACM TOMACS 6(3), 1996).
 */
import type { Prng } from './prng.js'

export class Zipf {
  private readonly hX1: number
  private readonly hN: number
  private readonly threshold: number

  /** @param exponent > 0 */
  constructor(
    private readonly size: number,
    private readonly exponent: number,
    private readonly prng: Prng,
  ) {
    this.hX1 = this.integral(1.5) - 1
    this.hN = this.integral(size + 0.5)
    this.threshold = 2 - this.inverse(this.integral(2.5) - this.density(2))
  }

  next(): number {
    for (;;) {
      const u = this.hN + this.prng.nextFraction() * (this.hX1 - this.hN)
      const x = this.inverse(u)
      const rank = Math.min(this.size, Math.max(1, Math.round(x)))
      if (rank - x <= this.threshold || u >= this.integral(rank + 0.5) - this.density(rank)) return rank - 1
    }
  }

  private density(x: number): number {
    return Math.exp(-this.exponent * Math.log(x))
  }

  /** An integral of the density; continuous in the exponent through 1, where it is the logarithm. */
  private integral(x: number): number {
    const logX = Math.log(x)
    return expm1OverX((1 - this.exponent) * logX) * logX
  }

  private inverse(x: number): number {
    const t = Math.max(-1, x * (1 - this.exponent))
    return Math.exp(log1pOverX(t) * x)
  }
}

function expm1OverX(x: number): number {
  return Math.abs(x) > 1e-8 ? Math.expm1(x) / x : 1 + x / 2
}

function log1pOverX(x: number): number {
  return Math.abs(x) > 1e-8 ? Math.log1p(x) / x : 1 - x / 2
}

/** What results call the threads of a run. */
import type { Plan } from './plan.js'

const HYPERVISOR = /^(scanner(-\d+)?|reclaimer)$/i

/** Is this, letter case aside, the name of a thread that is no guest? */
export function isThreadName(name: string): boolean {
  return HYPERVISOR.test(name)
}

/** In the order of the workers: guests, scanners, and in the lab the reclaimer. Of a run without threads, none. */
export function threadNames({
  engine,
  backend,
  guests,
  scanner,
}: Pick<Plan, 'engine' | 'backend' | 'guests' | 'scanner'>): string[] {
  if (engine === 'stepped') return []
  const { count } = scanner
  const scanners = Array.from({ length: count }, (_, index) =>
    count === 1 ? 'scanner' : `scanner-${index + 1}`,
  )
  return [...guests.map(({ name }) => name), ...scanners, ...(backend === 'lab' ? ['reclaimer'] : [])]
}

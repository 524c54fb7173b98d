/** The scanner made concrete: what holds for the whole run, and the rates of each phase. */
import type { KsmFixed, KsmRates } from '../ksm/settings.js'
import type { KsmPlan, TpsPlan, TpsRates } from './plan.js'
import { rateFactor, type Scale } from './scale.js'
import type { Scenario } from './schema.js'
import type { TpsSettings } from './schema-scanner.js'

export function scannerOf({ scanner, phases, scale }: Scenario): TpsPlan | KsmPlan {
  const overrides = phases.map((phase) => phase.scanner ?? {})
  if (scanner.policy === 'tps') {
    const { policy, count, order, ShareForceSalting, onDeath } = scanner
    const rates = overrides.map((override) => tpsRates({ ...scanner, ...override }, scale))
    return { policy, count, order, ShareForceSalting, onDeath, rates }
  }
  const rates = overrides.map((override) => ksmRates({ ...scanner, ...override }))
  const { policy, CONFIG_HZ } = scanner
  return { policy, count: 1, onDeath: 'fail', CONFIG_HZ, fixed: ksmFixed(scanner), rates }
}

function tpsRates(settings: TpsSettings, scale: Scale): TpsRates {
  const { unthrottled, ShareScanTime, ShareScanGHz, ShareRateMax } = settings
  return {
    unthrottled,
    ShareScanTimeSeconds: ShareScanTime / scale.time,
    ShareScanGHz: ShareScanGHz * rateFactor(scale),
    ShareRateMax: ShareRateMax * rateFactor(scale),
  }
}

/** The settings are the kernel's own, and hold in the time of the run whatever the scale. */
function ksmRates({ run, pages_to_scan, sleep_millisecs, use_zero_pages, smart_scan }: KsmRates): KsmRates {
  return { run, pages_to_scan, sleep_millisecs, use_zero_pages, smart_scan }
}

function ksmFixed(settings: KsmFixed): KsmFixed {
  const { max_page_sharing, advisor_mode, advisor_max_cpu } = settings
  const { advisor_min_pages_to_scan, advisor_max_pages_to_scan, advisor_target_scan_time } = settings
  return {
    max_page_sharing,
    advisor_mode,
    advisor_max_cpu,
    advisor_min_pages_to_scan,
    advisor_max_pages_to_scan,
    advisor_target_scan_time,
  }
}

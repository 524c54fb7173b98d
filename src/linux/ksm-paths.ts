/** Where Linux shows its KSM, and where twinpage notes the settings it replaced. Tests put a made-up tree in their place. */
export interface KsmPaths {
  /** Settings and counters of KSM. */
  sysfs: string
  proc: string
  /** The settings that were there before a run's own. Settings don't survive a boot, so this file need not either. */
  saved: string
}

export const KSM_PATHS: KsmPaths = {
  sysfs: '/sys/kernel/mm/ksm',
  proc: '/proc',
  saved: '/run/twinpage/ksm-settings.json',
}

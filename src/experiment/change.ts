/** Changes of a run while it goes (steering.ts): types alone, for who asks for them too. */

/** A change that is asked for; null: as the scenario says. */
export type Change =
  /** Everybody holds, and the run's time stands still. */
  | { control: 'pause'; value: boolean }
  /** Policy `tps`: pages/s of all guests together, at full size as a scenario gives rates. */
  | { control: 'scanRate'; value: number | 'unthrottled' | null }
  /** Policy `ksm`: pages of a batch; 0: none. */
  | { control: 'pages_to_scan'; value: number | null }
  /** Of the scanners' threads. */
  | { control: 'nice'; value: number }
  /** What rates, `busy` and `demand` of all guests are multiplied by. */
  | { control: 'load'; value: number }
  /** The run ends with its results so far. */
  | { control: 'stop'; value: true }

export type ControlName = Change['control']

/** A change that was made, and when: in scenario seconds. */
export type RecordedChange = { timeSeconds: number } & Change

import type { RecordedAdvisor } from '../support/ksm-recordings.js'
export const ADVISOR_HOW = ''
export async function recordAdvisor(): Promise<RecordedAdvisor[]> {
  return []
}

/** A thread that is the product's scanner. */
import { workerData } from 'node:worker_threads'
import type { ScannerTask } from '../../src/experiment/messages.js'
import runScanner from '../../workers/scanner.js'

await runScanner(workerData as ScannerTask)

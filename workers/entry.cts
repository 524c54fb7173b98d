/**
 * Where Piscina begins on each worker thread. It `require`s its file, and node aborts the whole process if a thread is
 * terminated while it `require`s an ES module; one that `import`s it can be terminated at any moment.
 */
interface Job {
  /** URL of the module whose default export does the task. */
  file: string
  task: unknown
}

export = async ({ file, task }: Job): Promise<unknown> => (await import(file)).default(task)

/** JavaScriptCore reads its options from the environment, and only when a process starts. */
const OPTION = "BUN_JSC_forceRAMSize";

/**
 * JavaScriptCore lets a heap double before it looks for garbage, as long as the heap is small beside the machine's
 * memory. A node's memory belongs to its pods: above 112 MiB the heap grows by a quarter at a time. At 150,000 pods that is
 * 110 MB less at the peak and 40 MB less afterwards, for half a second more until all are known.
 */
const ASSUMED_MEMORY = 224 * 1024 * 1024;

/** What a compiled executable calls its own entry point. */
const INSIDE_EXECUTABLE = "/$bunfs/";

/**
 * Starts this process anew, once, with a heap that grows slowly: the same process id, arguments and open files. Returns where that is
 * done already, or decided otherwise by somebody who has set the option.
 */
export function startWithSlowHeapGrowth(): void {
  if (process.env[OPTION] !== undefined) return;
  const own = process.argv.slice(2);
  // Run by bun from source: its own arguments and the script come first.
  const words = Bun.main.startsWith(INSIDE_EXECUTABLE) ? own : [...process.execArgv, Bun.main, ...own];
  const environment = { ...process.env, [OPTION]: String(ASSUMED_MEMORY) };
  try {
    process.execve?.(process.execPath, [process.argv0, ...words], environment);
  } catch {
    // Without /proc nobody knows the executable's path. A larger heap does no harm but to the neighbours' memory.
  }
}

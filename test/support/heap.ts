/** Memory that is in use once what is not has been collected. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

function afterCollection(): NodeJS.MemoryUsage {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Twice: what only waited for its finaliser goes with the second.
  collect();
  collect();
  return process.memoryUsage();
}

/** Bytes of the heap and of buffers. */
export function heapAfterCollection(): number {
  const { heapUsed, external } = afterCollection();
  return heapUsed + external;
}

/** Bytes of buffers alone. */
export function buffersAfterCollection(): number {
  return afterCollection().arrayBuffers;
}

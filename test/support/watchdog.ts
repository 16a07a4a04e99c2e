// Preloaded into every test file by test/run.ts. A file whose tests are done, but which does not end because it left
// something open, would hold up the whole run for ever: it fails instead, and says what is open.
import { after } from 'node:test';
import { isMainThread } from 'node:worker_threads';

const GRACE_MS = 15_000;

function failStillOpen(): void {
  const open = process.getActiveResourcesInfo().join(', ');
  console.error(`the tests of ${process.argv[1]} are done, but it does not end. Open: ${open}`);
  process.exit(1);
}

// Worker threads that a test starts preload this too.
if (isMainThread) after(() => setTimeout(failStillOpen, GRACE_MS).unref());

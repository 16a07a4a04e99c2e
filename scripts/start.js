// npm start: prepares the checkout, then becomes `sluice up` with the arguments given after `--`.
// Rule: one process from npm's shell to the program, and it stops when that shell is gone: a SIGTERM sent to npm ends the
// shell but is not passed on by it, and the program should drain, not go on without anyone who knows of it.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { prepareOrExit } from './prepare.js';

const PARENT_CHECK_MS = 250;

const shell = process.ppid;
prepareOrExit();
const watch = setInterval(() => {
  if (process.ppid === shell) return;
  clearInterval(watch);
  process.kill(process.pid, 'SIGTERM');
}, PARENT_CHECK_MS);
watch.unref();

const launcher = fileURLToPath(new URL('../bin/sluice', import.meta.url));
process.argv = [process.argv[0], launcher, 'up', ...process.argv.slice(2)];
createRequire(import.meta.url)(launcher);

// npm start: prepares the checkout, then becomes `sluice up` with the arguments given after `--`.
// Rule: one process from npm to the program, so that a signal sent to npm reaches it and it can drain. A shell between
// them (`a && b`) would swallow the signal, and a second process would cost its start-up time.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { prepareOrExit } from './prepare.js';

prepareOrExit();
const launcher = fileURLToPath(new URL('../bin/sluice', import.meta.url));
process.argv = [process.argv[0], launcher, 'up', ...process.argv.slice(2)];
createRequire(import.meta.url)(launcher);

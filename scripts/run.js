// npm test, npm run check and their kin: prepares the checkout, then runs the script that is named on the pinned Node.
// Rule: that Node is named by its path. In `node scripts/prepare.js && node x` a shell takes the second `node` from where
// it has found the first one, and that was before the pinned one was there.
import { spawnSync } from 'node:child_process';
import { nodeBinary, prepareOrExit } from './prepare.js';

prepareOrExit();
const command = [nodeBinary, ...process.argv.slice(2)];
// Takes the place of this process, where a Node can do that.
if (process.execve && process.platform !== 'win32') process.execve(nodeBinary, command, process.env);
const { status, error } = spawnSync(nodeBinary, command.slice(1), { stdio: 'inherit' });
if (error) throw error;
process.exitCode = status ?? 1;

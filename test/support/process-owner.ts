// A Sluice as far as its runs are concerned: runs programs until somebody kills it, and says what has been started.
// Usage: process-owner.ts LEDGER SCRIPT...; each script is run by /bin/sh, which says on its output when it is ready.
import { ProcessSupervisor } from '../../src/services/processes/process-supervisor.ts';

const [, , ledgerFolder = '', ...scripts] = process.argv;
const supervisor = new ProcessSupervisor({ ledgerFolder });
let ready = 0;

for (const script of scripts) {
  const run = supervisor.start(
    {
      file: '/bin/sh',
      args: ['-c', script],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
      stdin: 'closed',
      timeoutMs: 0,
      stopLadder: [],
    },
    {
      started: () => {},
      failed: (error) => console.error(error),
      stdout: () => {
        ready += 1;
        console.log(JSON.stringify({ id: run.id, wardenPid: supervisor.wardenPid }));
        if (ready === scripts.length) console.log('ready');
      },
      stderr: (bytes) => process.stderr.write(bytes),
      ended: () => {},
    },
  );
}
// Until it is killed.
setInterval(() => {}, 60_000);

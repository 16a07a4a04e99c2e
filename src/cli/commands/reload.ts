// `sluice reload`: makes a running Sluice load its config again. Rule: it says what has changed, or everything that is wrong
// with the config, which then stays as it was.

import { Command } from 'commander';
import type { ReloadAnswer } from '../../control/admin-answers.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { hasColor, printable } from '../terminal.ts';

interface ReloadOptions {
  readonly config?: readonly string[];
  readonly json?: true;
  readonly allNodes?: true;
}

export function reloadCommand(context: CliContext): Command {
  const command = new Command('reload')
    .description('Make a running Sluice load its config again. What is in flight ends under the old one.')
    .option('--all-nodes', 'and every node that shares the Redis of process.state, each its own config')
    .option('--json', 'as JSON')
    .action(async ({ config, json, allNodes }: ReloadOptions) => {
      const { findDaemon, findSilent } = await import('../find-daemon.ts');
      const silent = json || allNodes ? null : await findSilent(context, config);
      if (silent !== null) {
        process.kill(silent, 'SIGHUP');
        context.stderr.write('Asked by a signal, for there is no admin door: what has come of it is in the log.\n');
        return;
      }
      const client = await findDaemon(context, config);
      const answer = await client.post<ReloadAnswer>(`/api/v1/reload${allNodes ? '?all_nodes=true' : ''}`);
      if (json) context.stdout.write(`${JSON.stringify({ schema: 'sluice.reload/v1', ...answer })}\n`);
      else await explain(answer, context);
    });
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['sluice reload', 'the Sluice of this user and this config'],
    ['sluice reload --all-nodes', 'and the other nodes'],
  ]);
  return command;
}

async function explain({ changed, needs_restart, warnings }: ReloadAnswer, { stderr, env }: CliContext): Promise<void> {
  if (warnings.length > 0) {
    const { formatProblems } = await import('../../config/format-problems.ts');
    stderr.write(formatProblems(warnings, { color: hasColor(stderr, env) }));
  }
  const what = changed.length === 0 ? 'no key has changed' : `changed: ${changed.join(', ')}`;
  stderr.write(`Reloaded, ${printable(what)}\n`);
  if (needs_restart.length > 0)
    stderr.write(`Only a restart brings into force: ${printable(needs_restart.join(', '))}\n`);
}

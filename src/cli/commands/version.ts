// `sluice version`: which version this is, and on what it runs. Rule: it loads nothing else, so that it answers at once.

import { Command } from 'commander';
import { VERSION } from '../../runtime/version.ts';
import type { CliContext } from '../context.ts';

export function versionCommand(context: CliContext): Command {
  return new Command('version')
    .description('Show the version of Sluice and of the Node that it runs on.')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: true }) => {
      const { version: node, platform, arch } = process;
      const text = json
        ? JSON.stringify({ schema: 'sluice.version/v1', version: VERSION, node, platform, arch })
        : `sluice ${VERSION} (node ${node}, ${platform} ${arch})`;
      context.stdout.write(`${text}\n`);
    });
}

// `sluice proxy`: only the forward proxy, from the command line. Rule: what it starts is what a config with the same
// values would start.

import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { SluiceError } from '../../core/errors.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import type { ProxyFlags } from '../proxy-flags.ts';

interface ProxyOptions extends ProxyFlags {
  readonly pool?: string;
}

/** A test holds this list against the one of the config, which is loaded only when it is needed. */
export const PROXY_STRATEGIES: readonly string[] = [
  'round_robin',
  'random',
  'weighted',
  'adaptive',
  'least_used',
  'least_latency',
  'least_connections',
  'sticky_hash',
  'consistent_hash',
];

export function proxyCommand(context: CliContext): Command {
  const collect = (url: string, urls: readonly string[] = []): readonly string[] => [...urls, url];
  const command = new Command('proxy')
    .description('Start only the forward proxy: HTTP, CONNECT and SOCKS on one port.')
    .option('--listen <ADDRESS>', 'where it listens (default: 127.0.0.1:8888)')
    .option('--via <URL>', 'a proxy to go through; may be given several times, they are gone through in order', collect)
    .option(
      '--pool <FILE>',
      'a file of proxies, one a line; each connection goes through one of them, after those of --via',
    )
    .addOption(new Option('--strategy <NAME>', 'how one of the pool is chosen').choices([...PROXY_STRATEGIES]))
    .option('--allow-open', 'let anybody on the network use it, where it listens beyond this machine')
    .option('-v, --verbose', 'log more')
    .action(async ({ pool, ...flags }: ProxyOptions) => {
      if (flags.strategy !== undefined && pool === undefined) {
        throw new SluiceError('usage', { message: '--strategy chooses from a pool: give one with --pool FILE' });
      }
      const [{ proxyFlagValues }, { readPoolFile }, { runFromFlags }] = await Promise.all([
        import('../proxy-flags.ts'),
        import('../pool-file.ts'),
        import('../foreground-from-flags.ts'),
      ]);
      const values = () =>
        proxyFlagValues(flags, pool === undefined ? null : readPoolFile(resolve(context.cwd, pool), pool));
      context.setExitCode(await runFromFlags(context, values));
    });
  addExamples(command, [
    ['sluice proxy', 'on 127.0.0.1:8888, direct'],
    ['sluice proxy --via socks5://10.0.0.5:1080', 'everything through one proxy'],
    [
      'sluice proxy --via http://proxy.corp:8080 --pool exits.txt --strategy least_latency',
      'through the corporate proxy to one of many',
    ],
    ['sluice run -- curl https://example.com', 'in another shell: one command through it'],
  ]);
  return command;
}

// `sluice doctor`: what is wrong, or will be. Rule: it looks and asks, and changes nothing; its report holds no secret, so that it can be shown to
// anybody.

import { Command } from 'commander';
import { parseDuration } from '../../core/duration.ts';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { painter } from '../terminal.ts';

interface DoctorOptions {
  readonly config?: readonly string[];
  readonly offline?: boolean;
  readonly strict?: boolean;
  readonly timeout: string;
  readonly json?: true;
}

export function doctorCommand(context: CliContext): Command {
  const command = new Command('doctor')
    .description(
      'Look for what is wrong: Node, config, ports, data directory, certificates, proxies, backends, logins, the clock. Nothing is changed.',
    )
    .option('--offline', 'ask nobody else: no proxies, no backends')
    .option('--strict', 'end with 6 where there are warnings')
    .option('--timeout <DURATION>', 'for each server', '5s')
    .option('--json', 'as JSON')
    .action(async ({ config, offline = false, strict = false, timeout, json }: DoctorOptions) => {
      const timeoutMs = parseDuration(timeout);
      if (timeoutMs === undefined || timeoutMs <= 0) {
        throw new SluiceError('usage', { message: `--timeout wants a duration such as 5s, not "${timeout}".` });
      }
      const { examine } = await import('../doctor/examine.ts');
      const { exitOf } = await import('../doctor/finding.ts');
      const { cleaned, reportText } = await import('../doctor/report.ts');
      const found = await examine(context, { configFiles: config, isOffline: offline, timeoutMs });
      const findings = found.map(cleaned);
      const exit = exitOf(findings, strict);
      const text = json
        ? JSON.stringify({ schema: 'sluice.doctor/v1', ok: exit === 0, items: findings })
        : reportText(findings, painter(context.stdout, context.env));
      context.stdout.write(`${text}\n`);
      context.setExitCode(exit);
    });
  addConfigOption(command, 'the config to look at');
  addExamples(command, [
    ['sluice doctor', 'is everything as it should be?'],
    ['sluice doctor -c new.yaml --offline', 'would it start?'],
    ['sluice doctor --strict --json', 'for a script: 0 only when nothing is to be said'],
  ]);
  return command;
}

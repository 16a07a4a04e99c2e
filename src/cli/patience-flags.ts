// The flags that sluice http and start share: how long to try, and how much to say. Rule: what they mean is decided here alone.

import { type Command, Option } from 'commander';
import { SluiceError } from '../core/errors.ts';
import type { RunTunnels, TellLevel } from './run-tunnels.ts';

/** As commander gives them. */
export interface PatienceFlags {
  readonly json?: true;
  readonly keepTrying?: true;
  readonly tries?: string;
  readonly logLevel?: TellLevel;
}

const LEVELS: readonly TellLevel[] = ['error', 'warn', 'info', 'debug'];

export function addPatienceFlags(command: Command): Command {
  return command
    .option('--tries <COUNT>', 'give up after so many tries in vain before the first success (default: 6)')
    .option('--keep-trying', 'never give up, not even when the server was never reached')
    .option('--json', 'one JSON object a line for all that happens')
    .addOption(new Option('--log-level <LEVEL>', 'how much goes to stderr where there is no panel').choices(LEVELS));
}

export function patienceOf({
  json,
  keepTrying,
  tries,
  logLevel,
}: PatienceFlags): Pick<RunTunnels, 'json' | 'isPatient' | 'tries' | 'logLevel'> {
  if (tries !== undefined && !/^\d{1,6}$/.test(tries)) {
    throw new SluiceError('usage', { message: `--tries expects a number, not ${JSON.stringify(tries)}` });
  }
  return {
    json: json === true,
    isPatient: keepTrying === true,
    ...(tries === undefined ? {} : { tries: Number(tries) }),
    ...(logLevel === undefined ? {} : { logLevel }),
  };
}

// `--inspect`: where the commands that open tunnels let their requests be looked into. Rule: without it they do so only where somebody is
// told of it.

import type { Command } from 'commander';
import { parseAddress } from '../core/address.ts';
import { SluiceError } from '../core/errors.ts';

/** As commander gives it. */
export interface InspectFlag {
  readonly inspect?: string;
}

/** `usual`: on a free port of loopback, where somebody is told of it. */
export type InspectWish = { readonly listen: string } | 'usual' | 'off';

export function addInspectFlag(command: Command): Command {
  return command.option(
    '--inspect <HOST:PORT>',
    'where requests are looked into and asked again, or: off (default: on a panel or with --json, 127.0.0.1:4040 or the next free port)',
  );
}

export function inspectWishOf({ inspect }: InspectFlag): InspectWish {
  if (inspect === undefined) return 'usual';
  if (inspect === 'off') return 'off';
  const listen = /^\d{1,5}$/.test(inspect) ? `127.0.0.1:${inspect}` : inspect;
  if (parseAddress(listen, { host: '' }).kind === 'tcp') return { listen };
  throw new SluiceError('usage', { message: `--inspect expects HOST:PORT or "off", not ${JSON.stringify(inspect)}` });
}

// Finds the gateway that a command is to talk to, as a user of it. Rule: --url or SLUICE_URL says which one; else it is that of the
// Sluice which uses the same data directory. A token is never taken from the command line, where others could read it.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SluiceError } from '../core/errors.ts';
import type { CliContext } from './context.ts';
import { findRunning } from './find-daemon.ts';

export interface GatewayOptions {
  readonly config?: readonly string[];
  readonly url?: string;
  readonly tokenFile?: string;
}

export interface GatewayPlace {
  /** Without a slash at its end. */
  readonly url: string;
  /** Of a unix socket, where the gateway listens on one. */
  readonly socketPath: string | null;
  /** null: none is known. */
  readonly token: string | null;
}

const UNIX = 'unix:';

export async function findGateway(
  context: Pick<CliContext, 'env' | 'cwd'>,
  { config, url, tokenFile }: GatewayOptions,
): Promise<GatewayPlace> {
  const { SLUICE_URL: given, SLUICE_TOKEN: token } = context.env;
  const address = url ?? given ?? (await addressOfRunning(context, config));
  return {
    ...placeOf(address),
    token: tokenFile === undefined ? (token ?? null) : readToken(resolve(context.cwd, tokenFile)),
  };
}

async function addressOfRunning(
  context: Pick<CliContext, 'env' | 'cwd'>,
  config: readonly string[] | undefined,
): Promise<string> {
  const { doors, pid } = await findRunning(context, config);
  const door = doors.find(({ name }) => name === 'gateway');
  if (door === undefined) {
    throw new SluiceError('daemon_unreachable', { message: `The Sluice with the process id ${pid} has no gateway.` });
  }
  return door.address;
}

function placeOf(address: string): Pick<GatewayPlace, 'url' | 'socketPath'> {
  if (address.startsWith(UNIX)) return { url: 'http://localhost', socketPath: address.slice(UNIX.length) };
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new SluiceError('usage', { message: `${address} is no URL of a gateway, such as http://127.0.0.1:8080` });
  }
  // A door that listens everywhere is reached here.
  const host = /^(?:0\.0\.0\.0|\[::\])$/.test(url.hostname) ? `127.0.0.1:${url.port}` : url.host;
  return { url: `${url.protocol}//${host}`, socketPath: null };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new SluiceError('usage', { message: `${file} cannot be read: ${(cause as Error).message}`, cause });
  }
}

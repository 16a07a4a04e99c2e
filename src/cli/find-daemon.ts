// Finds the running Sluice that a command is to talk to. Rule: SLUICE_ADMIN_URL says which one; else it is the one that
// uses the same data directory, which leaves its address and a token there.

import { resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import type { Config } from '../config/config.ts';
import { AdminClient } from '../control/admin-client.ts';
import { readToken } from '../control/admin-token.ts';
import { SluiceError } from '../core/errors.ts';
import { findRunningFile, type RunningFile } from '../runtime/running-file.ts';
import { findConfigFiles } from './config-files.ts';
import type { CliContext } from './context.ts';

type Surroundings = Pick<CliContext, 'env' | 'cwd'>;

export async function findDaemon(context: Surroundings, configFiles?: readonly string[]): Promise<AdminClient> {
  const { SLUICE_ADMIN_URL: address, SLUICE_TOKEN_FILE: tokenFile } = context.env;
  const token = tokenFile ? readToken(resolve(context.cwd, tokenFile)) : undefined;
  if (address) return new AdminClient({ address, token: token ?? (await tokenOfConfig(context, configFiles)) });
  const running = await findRunning(context, configFiles);
  const admin = running.doors.find((door) => door.name === 'admin');
  if (admin === undefined) {
    const message = `The Sluice with the process id ${running.pid} has no admin door: admin.listen is null.`;
    throw new SluiceError('daemon_unreachable', { message });
  }
  return new AdminClient({ address: admin.address, token: token ?? running.token });
}

/** The process id of one that only a signal reaches, for it has no admin door. */
export async function findSilent(context: Surroundings, configFiles?: readonly string[]): Promise<number | null> {
  if (context.env['SLUICE_ADMIN_URL'] || process.platform === 'win32') return null;
  const { doors, pid } = await findRunning(context, configFiles);
  return doors.some(({ name }) => name === 'admin') ? null : pid;
}

/** The one that uses the same data directory. */
export async function findRunning(context: Surroundings, configFiles?: readonly string[]): Promise<RunningFile> {
  const dataDir = await dataDirectory(context, configFiles);
  const running = findRunningFile(dataDir);
  if (running !== undefined) return running;
  const message = `No Sluice runs with the data directory ${dataDir}. Start one with: sluice up`;
  throw new SluiceError('daemon_unreachable', { message });
}

async function tokenOfConfig(context: Surroundings, configFiles?: readonly string[]): Promise<string | undefined> {
  return (await load(context, findConfigFiles(context, configFiles))).admin.token ?? undefined;
}

/**
 * A config that has just been broken must not keep anybody from asking the running Sluice what it thinks of it, so the
 * default directory stands in; when nothing runs there either, the config is what has to be put right first.
 */
async function dataDirectory(context: Surroundings, configFiles?: readonly string[]): Promise<string> {
  try {
    return (await load(context, findConfigFiles(context, configFiles))).process.data_dir;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const fallback = (await load(context, [])).process.data_dir;
    if (findRunningFile(fallback) === undefined) throw error;
    return fallback;
  }
}

async function load({ env, cwd }: Surroundings, files: readonly string[]): Promise<Config> {
  return (await loadConfig({ files: [...files], env, cwd })).config;
}

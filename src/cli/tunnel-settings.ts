// Which server, which token and which tunnels a command is about. Rule: flag over environment over the config of Sluice over what was saved
// over ~/.retunnel.conf; a token goes to the server that it was given for, and to no other.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { JsonValue } from '../config/source-tree.ts';
import type { FlagValue } from '../config/overrides.ts';
import type { Config } from '../config/config.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { ClientTunnel, InspectConfig, TunnelClientConfig } from '../config/schema/tunnel-client.ts';
import { SluiceError } from '../core/errors.ts';
import { nameOfServer, type Through } from '../runtime/tunnel-client/expose-tunnels.ts';
import { freshServerChain } from '../runtime/tunnel-client/server-chain.ts';
import { findConfigFiles } from './config-files.ts';
import type { CliContext } from './context.ts';
import { readingTunnelConfig } from './tunnel-config-error.ts';
import { readTunnelTokens } from '../runtime/tunnel-client/tunnel-tokens.ts';

type Surroundings = Pick<CliContext, 'env' | 'cwd'>;

export interface TunnelSettings {
  readonly server: string;
  /** null: nobody has saved one. */
  readonly token: string | null;
  readonly tunnels: readonly ClientTunnel[];
  /** What is kept of their requests. */
  readonly inspect: InspectConfig | false;
  /** The hops that the config names for its server, and for no other. */
  readonly through: Through;
  readonly dataDir: string;
}

export interface SettingsWish {
  readonly server?: string | undefined;
  /** A file of Sluice or of ReTunnel. */
  readonly file?: string | undefined;
  readonly config?: readonly string[] | undefined;
  /** Without any file of Sluice those of ReTunnel count. */
  readonly wantsTunnels?: boolean;
}

const RETUNNEL_NAMES = ['retunnel.yml', 'retunnel.yaml'];
const HOME_FILE = '.retunnel.conf';

export function tunnelSettings(context: Surroundings, wish: SettingsWish): Promise<TunnelSettings> {
  return readingTunnelConfig(() => settingsOf(context, wish));
}

async function settingsOf(context: Surroundings, wish: SettingsWish): Promise<TunnelSettings> {
  const loaded = await loadSettings(context, wish);
  const { client } = loaded.config.tunnels;
  const dataDir = loaded.config.process.data_dir;
  const saved = readTunnelTokens(dataDir);
  const home = homeFile(context);
  const ofHome =
    isWritten(loaded, 'server') || home === null ? null : (await loadRetunnel(context, home)).config.tunnels.client;
  const server =
    wish.server ?? (isWritten(loaded, 'server') ? client.server : (saved.server ?? ofHome?.server ?? client.server));
  const name = nameOfServer(server);
  const isOfConfig = nameOfServer(client.server) === name;
  const own = isOfConfig || context.env['RETUNNEL_AUTH_TOKEN'] !== undefined ? client.auth_token : null;
  const token = own ?? saved.tokens[name] ?? tokenOf(ofHome, name);
  const through = isOfConfig ? throughHops(loaded.config) : 'environment';
  const { tunnels, inspect } = client;
  return { server, token, tunnels, inspect, through, dataDir };
}

export function requireToken({ token, server }: TunnelSettings): string {
  if (token !== null) return token;
  const message = `There is no token for ${server}. Get one with: sluice register --server ${server}, or save the one you have: sluice authtoken TOKEN --server ${server}`;
  throw new SluiceError('tunnel_refused', { message });
}

function tokenOf(client: TunnelClientConfig | null, server: string): string | null {
  return client !== null && nameOfServer(client.server) === server ? client.auth_token : null;
}

function throughHops(config: Config): Through {
  const { via } = config.tunnels.client;
  if (via === null) return 'environment';
  return via.length === 0 ? null : freshServerChain(config, via);
}

function isWritten({ origins }: LoadedConfig, key: string): boolean {
  return origins.has(`tunnels.client.${key}`);
}

async function loadSettings(
  context: Surroundings,
  { file, config, wantsTunnels = false }: SettingsWish,
): Promise<LoadedConfig> {
  const named = file === undefined ? (config ?? []) : [file];
  const files = findConfigFiles(context, named);
  if (file !== undefined && (await isRetunnel(context, file))) return loadRetunnel(context, file);
  if (files.length === 0 && wantsTunnels) {
    const found =
      RETUNNEL_NAMES.map((name) => resolve(context.cwd, name)).find((path) => existsSync(path)) ?? homeFile(context);
    if (found !== null) return loadRetunnel(context, found);
  }
  const { loadConfig } = await import('../config/load.ts');
  return loadConfig({ files, env: context.env, cwd: context.cwd });
}

function homeFile({ env }: Surroundings): string | null {
  const file = join(env['HOME'] ?? env['USERPROFILE'] ?? homedir(), HOME_FILE);
  return existsSync(file) ? file : null;
}

async function isRetunnel({ cwd }: Surroundings, file: string): Promise<boolean> {
  if (basename(file) === HOME_FILE || RETUNNEL_NAMES.includes(basename(file))) return true;
  const { importConfig } = await import('../config/import/import-config.ts');
  try {
    return (await importConfig({ files: [file], cwd })).predecessor.name === 'retunnel';
  } catch {
    // Then it is one of Sluice, or says itself what is wrong with it.
    return false;
  }
}

/** As it is: what it says becomes the values of a config. */
async function loadRetunnel({ env, cwd }: Surroundings, file: string): Promise<LoadedConfig> {
  const [{ loadConfig }, { importConfig }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/import/import-config.ts'),
  ]);
  const { document } = await importConfig({ files: [file], from: 'retunnel', cwd });
  const overrides: FlagValue[] = Object.entries(document).map(([path, value]) => ({
    path,
    value: withVariables(value, env),
    flag: `${path} of ${basename(file)}`,
  }));
  // What the environment says wins over a file.
  const fromEnvironment: FlagValue[] = [
    ['RETUNNEL_SERVER_ENDPOINT', 'tunnels.client.server'],
    ['RETUNNEL_AUTH_TOKEN', 'tunnels.client.auth_token'],
  ].flatMap(([name = '', path = '']) => (env[name] === undefined ? [] : [{ path, value: env[name], flag: name }]));
  return loadConfig({ files: [], env, cwd, overrides: [...overrides, ...fromEnvironment] });
}

const VARIABLE = /(?<!\$)\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

function withVariables(value: JsonValue, env: CliContext['env']): JsonValue {
  if (typeof value === 'string') {
    return value.replace(VARIABLE, (_all, name: string, otherwise?: string) => {
      const set = env[name] ?? otherwise;
      if (set === undefined) throw new SluiceError('usage', { message: `The variable ${name} is not set.` });
      return set;
    });
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => withVariables(item, env));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withVariables(item, env)]));
}

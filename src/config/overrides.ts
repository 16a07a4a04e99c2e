// Values that stand above the files: the environment, and above it the flags of the command line. Rule: one table says
// which variables count; an empty variable is as if it were not set.

import { parsePath, type KeyPath } from './key-path.ts';
import { otelValues } from './otel-variables.ts';
import { fromJson, type ConfigNode, type JsonValue, type Source } from './source-tree.ts';

/**
 * A value from a flag: where it belongs in the configuration, and the flag, for messages and `--origin`. The paths
 * `gateway.listen.host` and `gateway.listen.port` set one half of the gateway's first address.
 */
export interface FlagValue {
  readonly path: string;
  readonly value: JsonValue;
  readonly flag: string;
}

export interface Override {
  readonly path: KeyPath;
  readonly value: ConfigNode;
}

/** Host and port of the gateway's first address, which can be set apart from each other. */
export interface DoorOverride {
  readonly host?: ConfigNode;
  readonly port?: ConfigNode;
}

export interface Overrides {
  readonly values: readonly Override[];
  readonly door: DoorOverride;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DOOR_HOST = 'gateway.listen.host';
const DOOR_PORT = 'gateway.listen.port';

/** A variable with a name of its own, beside `SLUICE_SECTION__KEY`. */
export interface KnownVariable {
  readonly name: string;
  readonly path: string;
  readonly change?: (text: string) => string | boolean;
}

const LEVEL_NAMES: Readonly<Record<string, string>> = { warning: 'warn', critical: 'fatal' };

function levelName(text: string): string {
  return LEVEL_NAMES[text.toLowerCase()] ?? text.toLowerCase();
}

/** A policy is on when it is there: `true` becomes a map without keys, which keeps what a file says in it. */
function policySwitch(text: string): string | boolean {
  const on = /^(?:true|1|yes|on)$/i.test(text);
  return on ? '{}' : /^(?:false|0|no|off)$/i.test(text) ? false : text;
}

/** The custom proxy also took a host and a port. */
function backendUrl(text: string): string {
  return /^[^\s/:]+:\d+$/.test(text) ? `http://${text}` : text;
}

/** Later lines go over earlier ones. */
export const KNOWN_VARIABLES: readonly KnownVariable[] = [
  { name: 'RETUNNEL_LOG_LEVEL', path: 'log.level', change: levelName },
  { name: 'LOG_LEVEL', path: 'log.level', change: levelName },
  { name: 'SLUICE_LOG', path: 'log.level', change: levelName },
  {
    name: 'LOG_FORMAT',
    path: 'log.format',
    change: (text) => (text.toLowerCase() === 'text' ? 'pretty' : text.toLowerCase()),
  },
  { name: 'PROXY_HOST', path: DOOR_HOST },
  { name: 'PROXY_PORT', path: DOOR_PORT },
  { name: 'DEFAULT_BACKEND', path: 'gateway.default_backend', change: backendUrl },
  { name: 'CACHE_MAX_MEMORY', path: 'cache.max_memory' },
  { name: 'CACHE_ENABLED', path: 'gateway.policies.cache', change: policySwitch },
  { name: 'RATE_LIMIT_RPS', path: 'gateway.policies.rate_limit.rate', change: (text) => `${text}/s` },
  { name: 'RATE_LIMIT_ENABLED', path: 'gateway.policies.rate_limit', change: policySwitch },
  { name: 'CLI_ENABLED', path: 'exec.enabled' },
  { name: 'CLI_MAX_CONCURRENT', path: 'exec.max_concurrent' },
  { name: 'CLAUDE_CLI_PATH', path: 'agents.kinds.claude.command' },
  { name: 'CLAUDE_USE_SUBSCRIPTION', path: 'agents.kinds.claude.subscription' },
  { name: 'RETUNNEL_SERVER_ENDPOINT', path: 'tunnels.client.server' },
  { name: 'RETUNNEL_AUTH_TOKEN', path: 'tunnels.client.auth_token' },
];

/** SLUICE_GATEWAY__LISTEN sets gateway.listen; keys are taken in lower case. */
const SECTION_VARIABLE = /^SLUICE_([A-Z0-9]+(?:__[A-Za-z0-9_]+)+)$/;

export function environmentOverrides(env: Environment, folder: string): Overrides {
  const found: { readonly path: string; readonly node: ConfigNode }[] = [];
  for (const { name, path, change } of KNOWN_VARIABLES) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    found.push({ path, node: valueNode(change === undefined ? text : change(text), variable(name, folder)) });
  }
  for (const { name, path, value } of otelValues(env)) {
    found.push({ path, node: valueNode(value, variable(name, folder)) });
  }
  for (const name of Object.keys(env).toSorted()) {
    const keys = SECTION_VARIABLE.exec(name)?.[1];
    const text = env[name];
    if (keys === undefined || text === undefined || text === '') continue;
    found.push({ path: keys.toLowerCase().split('__').join('.'), node: valueNode(text, variable(name, folder)) });
  }
  return separateDoor(found);
}

export function flagOverrides(flags: readonly FlagValue[], folder: string): Overrides {
  return separateDoor(
    flags.map(({ path, value, flag }) => ({
      path,
      node: valueNode(value, { kind: 'flag', name: flag, folder, text: '' }),
    })),
  );
}

function variable(name: string, folder: string): Source {
  return { kind: 'environment', name, folder, text: '' };
}

function separateDoor(found: readonly { readonly path: string; readonly node: ConfigNode }[]): Overrides {
  const host = found.findLast(({ path }) => path === DOOR_HOST)?.node;
  const port = found.findLast(({ path }) => path === DOOR_PORT)?.node;
  const values = found
    .filter(({ path }) => path !== DOOR_HOST && path !== DOOR_PORT)
    .map(({ path, node }) => ({ path: parsePath(path) ?? [path], value: node }));
  return {
    values,
    door: { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) },
  };
}

/** `null` is null, and text that is a JSON list or map is taken as that: SLUICE_EGRESS__CHAIN='["corporate", "exits"]'. */
function valueNode(value: JsonValue, source: Source): ConfigNode {
  const place = { source, from: 0, to: 0 };
  if (value === 'null') return fromJson(null, place);
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return fromJson(value, place);
  try {
    return fromJson(JSON.parse(value) as JsonValue, place);
  } catch {
    // An IPv6 address, for one, begins with a bracket too. If JSON was meant, the schema says what is wrong with it.
    return fromJson(value, place);
  }
}

// Which program a file was written for. Rule: the keys tell, not the name of the file; where they do not, nothing is
// guessed.

import { plainMap, type JsonValue, type PlainValue } from '../source-tree.ts';
import { fromAimux } from './aimux.ts';
import { fromCustomProxy, fromFilters } from './custom-proxy.ts';
import type { ForeignSection } from './foreign-section.ts';
import { fromMooltiroute } from './mooltiroute.ts';
import { fromRetunnel } from './retunnel.ts';

export const PREDECESSOR_NAMES = ['mooltiroute', 'custom-proxy', 'filters', 'retunnel', 'aimux'] as const;

export type PredecessorName = (typeof PREDECESSOR_NAMES)[number];

export interface Predecessor {
  readonly name: PredecessorName;
  readonly title: string;
  /** Keys that only this one has at the top, and within `server`. */
  readonly keys: readonly string[];
  readonly serverKeys?: readonly string[];
  /** Did `${VAR}` stand for a variable there, or for itself? */
  readonly variables: 'anywhere' | 'whole_text' | 'none';
  readonly convert: (root: ForeignSection) => Record<string, JsonValue>;
}

const AIMUX_NOW = ['state_dir', 'refresh_check_interval', 'providers'];
const AIMUX_EARLIER = [
  'anthropic_base',
  'anthropic_base_url',
  'oauth_token_endpoint',
  'beta_header',
  'credential_path',
];

export const PREDECESSORS: readonly Predecessor[] = [
  {
    name: 'mooltiroute',
    title: 'Mooltiroute',
    keys: ['corporate_proxy', 'webshare', 'rotation', 'health_check'],
    serverKeys: ['bind_address', 'max_connections', 'timeout_seconds'],
    variables: 'anywhere',
    convert: fromMooltiroute,
  },
  {
    name: 'custom-proxy',
    title: 'the custom proxy',
    keys: ['routing', 'security', 'cli'],
    serverKeys: ['tls', 'timeouts'],
    variables: 'anywhere',
    convert: fromCustomProxy,
  },
  {
    name: 'aimux',
    title: 'ai-mux',
    keys: [...AIMUX_NOW, ...AIMUX_EARLIER],
    variables: 'none',
    convert: fromAimux,
  },
  {
    name: 'retunnel',
    title: 'ReTunnel',
    keys: ['server_addr', 'server_url', 'api_url', 'ssl_verify', 'max_message_size'],
    variables: 'whole_text',
    convert: fromRetunnel,
  },
  {
    name: 'filters',
    title: 'the filters of the custom proxy',
    keys: ['filtering', 'domains', 'blocked', 'allowed', 'blocklist', 'allowlist'],
    variables: 'anywhere',
    convert: fromFilters,
  },
];

/** Keys that only a configuration of Sluice has at the top. */
const OWN_KEYS = ['egress', 'gateway', 'hops', 'process', 'exec', 'agents', 'ai', 'policies', 'admin'];

export function isOwnConfig(document: PlainValue): boolean {
  const keys = keysOf(document);
  return OWN_KEYS.some((key) => keys.has(plain(key)));
}

/** undefined when no key tells. */
export function recognisePredecessor(document: PlainValue): Predecessor | undefined {
  const keys = keysOf(document);
  const byTop = PREDECESSORS.find((each) => each.keys.some((key) => keys.has(plain(key))));
  if (byTop !== undefined) return byTop;
  const serverKeys = keysOf(keys.get('server'));
  const byServer = PREDECESSORS.find((each) => each.serverKeys?.some((key) => serverKeys.has(plain(key))));
  return byServer ?? fromFewKeys(keys);
}

/** A token with tunnels, or with nothing else. */
function fromFewKeys(keys: ReadonlyMap<string, PlainValue>): Predecessor | undefined {
  const isRetunnel = keys.has('authtoken') || Array.isArray(keys.get('tunnels'));
  return isRetunnel ? PREDECESSORS.find(({ name }) => name === 'retunnel') : undefined;
}

function keysOf(value: PlainValue): ReadonlyMap<string, PlainValue> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
  return new Map(Object.entries(value).map(([key, item]) => [plain(key), item]));
}

function plain(key: string): string {
  return key.toLowerCase().replace(/[-_ ]/g, '');
}

/** Texts in which `${` stood for itself say so in the new file. */
export function withOwnVariables(value: PlainValue, { variables }: Predecessor): PlainValue {
  if (variables === 'anywhere') return value;
  if (typeof value === 'string') {
    const isVariable = variables === 'whole_text' && /^\$\{[A-Za-z_]\w*\}$/.test(value);
    return isVariable ? value : value.replaceAll('${', () => '$${');
  }
  if (typeof value !== 'object' || value === null) return value;
  const inner = (item: PlainValue): PlainValue => withOwnVariables(item, { variables } as Predecessor);
  if (Array.isArray(value)) return value.map(inner);
  return plainMap(Object.entries(value).map(([key, item]) => [key, inner(item)]));
}

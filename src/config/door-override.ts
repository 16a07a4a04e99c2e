// PROXY_HOST, PROXY_PORT, --host and --port: one half of the gateway's first address, the other half stays as it is.

import { formatAddress } from '../core/address.ts';
import { parseListenText } from './listen-text.ts';
import type { DoorOverride } from './overrides.ts';
import { findNode, scalar, setNode, type ConfigNode, type MapNode } from './source-tree.ts';

const DEFAULT_ADDRESS = '127.0.0.1:8080';
const LISTEN = ['gateway', 'listen'] as const;

export function overrideDoor(root: MapNode, door: DoorOverride): MapNode {
  const host = textOf(door.host);
  const port = textOf(door.port);
  const place = (door.port ?? door.host)?.place;
  if (place === undefined) return root;
  const { node, rest } = findNode(root, LISTEN);
  const listen = rest.length === 0 ? node : undefined;
  const parsed = parseListenText(firstAddress(listen) ?? DEFAULT_ADDRESS);
  const before = parsed.kind === 'tcp' ? parsed : { host: '127.0.0.1', port: 8080 };
  // An IPv6 host is written without brackets in PROXY_HOST; a host or port that is none is left to the schema.
  const newHost = host ?? before.host;
  const newPort = port ?? String(before.port);
  const written =
    newHost.includes(':') && !newHost.startsWith('[') ? `[${newHost}]:${newPort}` : `${newHost}:${newPort}`;
  const address = parseListenText(written);
  const text = address.kind === 'invalid' ? written : formatAddress(address);
  return setNode(root, LISTEN, replaceFirst(listen, scalar(text, place, true)));
}

function textOf(node: ConfigNode | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== undefined && node.value !== null ? String(node.value) : undefined;
}

function firstAddress(listen: ConfigNode | undefined): string | undefined {
  const first = listen?.kind === 'list' ? listen.items[0] : listen;
  return textOf(first?.kind === 'map' ? first.entries.get('address')?.value : first);
}

function replaceFirst(listen: ConfigNode | undefined, address: ConfigNode): ConfigNode {
  if (listen?.kind === 'list') {
    return { ...listen, items: [replaceFirst(listen.items[0], address), ...listen.items.slice(1)] };
  }
  return listen?.kind === 'map' ? setNode(listen, ['address'], address) : address;
}

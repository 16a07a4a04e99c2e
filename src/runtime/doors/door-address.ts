// Host and port of our own doors, from the configuration and from what is really open. Rule: a door whose port the system chooses
// is known once it is open, and not before.
import { parseAddress } from '../../core/address.ts';
import type { Config } from '../../config/config.ts';
import type { DoorAddress } from '../../services/rules/own-doors.ts';

/** Of `127.0.0.1:8080` or `http://127.0.0.1:8080`; nothing for a unix socket and for port 0. */
export function doorAddress(text: string): DoorAddress[] {
  const address = parseAddress(text.replace(/^https?:\/\//, ''), { host: '' });
  return address.kind === 'tcp' && address.port !== 0 ? [{ host: address.host, port: address.port }] : [];
}

/** Of unix sockets. */
export function doorPaths(texts: readonly string[]): string[] {
  return texts.flatMap((text) => (text.startsWith('unix:') ? [text.slice('unix:'.length)] : []));
}

/** Those of the control plane. */
export function controlAddresses({ admin, metrics }: Config): string[] {
  return [admin.listen, metrics.listen].filter((listen) => listen !== null);
}

export function configuredDoors({ gateway, egress, admin, metrics, tunnels }: Config): DoorAddress[] {
  const all = [
    ...gateway.listen.map(({ address }) => address),
    ...egress.listen,
    admin.listen,
    metrics.listen,
    tunnels.server.enabled ? tunnels.server.listen : null,
  ];
  return all.flatMap((text) => (text === null ? [] : doorAddress(text)));
}

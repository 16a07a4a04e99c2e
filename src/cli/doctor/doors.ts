// Whether the doors of a config can be opened. Rule: a door that the running Sluice holds is fine; any other one is opened for a moment,
// which tells more truly than any list of what is taken.
import { once } from 'node:events';
import net from 'node:net';
import type { Config } from '../../config/config.ts';
import { parseAddress } from '../../core/address.ts';
import { failure, type Finding, ok, skipped } from './finding.ts';

export interface WantedDoor {
  readonly key: string;
  readonly address: string;
}

export function wantedDoors({ gateway, egress, admin, metrics, tunnels: { server } }: Config): WantedDoor[] {
  const optional = (key: string, address: string | null): WantedDoor[] => (address === null ? [] : [{ key, address }]);
  return [
    ...gateway.listen.map(({ address }) => ({ key: 'gateway.listen', address })),
    ...egress.listen.map((address) => ({ key: 'egress.listen', address })),
    ...optional('admin.listen', admin.listen),
    ...optional('metrics.listen', metrics.listen),
    ...(server.enabled && !server.one_port ? [{ key: 'tunnels.server.listen', address: server.listen }] : []),
  ];
}

/** `held`: where the running Sluice listens. */
export async function checkDoor({ key, address }: WantedDoor, held: readonly string[]): Promise<Finding> {
  const parsed = parseAddress(address, { host: '' });
  if (parsed.kind !== 'tcp') return skipped('port', `${key} ${address}`, 'a socket of the file system');
  const subject = `${key} ${address}`;
  if (held.some((each) => portOf(each) === parsed.port)) return ok('port', subject, 'held by the running Sluice');
  const server = net.createServer();
  try {
    server.listen({ port: parsed.port, host: parsed.host === '' ? '::' : parsed.host });
    await once(server, 'listening');
    return ok('port', subject, 'free');
  } catch (error) {
    return refused(subject, error);
  } finally {
    server.close();
  }
}

function refused(subject: string, error: unknown): Finding {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE')
    return failure('port', subject, 'is taken by another program', 'stop that, or choose another port');
  if (code === 'EACCES')
    return failure('port', subject, 'may not be opened by this user', 'a port from 1024 on, or CAP_NET_BIND_SERVICE');
  if (code === 'EADDRNOTAVAIL') return failure('port', subject, 'is not an address of this machine');
  return failure('port', subject, error instanceof Error ? error.message : String(error));
}

function portOf(address: string): number {
  return Number(/:(\d+)$/.exec(address.replace(/\/+$/, ''))?.[1] ?? 0);
}

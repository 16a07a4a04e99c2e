// Binds a server that is none of the data path, such as that of the admin API, as the doors of the data path are bound. Rule: another
// program of ours may open the same address to take our place, and nobody else.
import type { TcpAddress, UnixAddress } from '../../core/address.ts';
import { claimPort } from '../../transport/accept.ts';
import { passedSockets } from '../../transport/passed-sockets.ts';
import { CAN_SHARE_PORTS } from '../../transport/port-sharing.ts';
import { removeDeadSocket, SocketFile } from '../../transport/socket-file.ts';

/** What is needed of a server of Node. */
interface BindableServer {
  once(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  listen(where: object, onListening: () => void): unknown;
  address(): { readonly port: number } | string | null;
  close(): unknown;
}

export interface BoundServer {
  /** 0: it is a unix socket. */
  readonly port: number;
  /** Called before the server is closed. */
  release(): void;
}

/** Rejects with the error of the system. */
export async function bindServer(server: BindableServer, address: TcpAddress | UnixAddress): Promise<BoundServer> {
  const passed = passedSockets.claim(address);
  if (passed !== null) return adopt(server, passed, address);
  if (address.kind === 'unix') {
    await removeDeadSocket(address.path);
    const file = new SocketFile(address.path);
    await listen(server, { path: file.draft });
    try {
      file.publish();
    } catch (error) {
      // It listens at the draft, and would keep the program running.
      server.close();
      throw error;
    }
    return { port: 0, release: () => file.remove() };
  }
  const { host, port } = address;
  await claimPort(host === '' ? undefined : host, port);
  await listen(server, { port, reusePort: CAN_SHARE_PORTS, ...(host === '' ? {} : { host }) });
  const bound = server.address();
  return { port: bound !== null && typeof bound === 'object' ? bound.port : port, release: () => {} };
}

/** Node has one socket for each of its servers. */
async function adopt(
  server: BindableServer,
  fds: readonly number[],
  address: TcpAddress | UnixAddress,
): Promise<BoundServer> {
  const [fd, ...more] = fds;
  if (more.length > 0) throw new Error(`systemd passes ${fds.length} sockets for it, and this door can have one`);
  await listen(server, { fd });
  return { port: address.kind === 'unix' ? 0 : address.port, release: () => {} };
}

function listen(server: BindableServer, where: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

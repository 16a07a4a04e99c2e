// Doors that systemd has opened for us, as the command line knows them. Rule: they are told of once, to this process alone; whoever takes our
// place gets those that are still open.
import type { Config } from '../../config/config.ts';
import { parseAddress } from '../../core/address.ts';
import { findPassed, isStillThere, passedSockets } from '../../transport/passed-sockets.ts';

const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'];

export interface UnusedDoor {
  readonly fd: number;
  readonly name: string;
  /** null: it is none that a door could have. */
  readonly address: string | null;
}

/** Takes them out of the environment: programs that we start must not think that they are theirs. */
export function receivePassedDoors(env: NodeJS.ProcessEnv): { unusedBy(config: Config): UnusedDoor[] } {
  const { sockets, strange } = findPassed(env, process.pid);
  for (const name of VARIABLES) delete env[name];
  passedSockets.receive(sockets);
  return {
    unusedBy: (config) => {
      const used = new Set(listeningAt(config).flatMap((text) => passedAt(text)));
      const unused = sockets.filter((socket) => !used.has(socket));
      return [
        ...unused.map(({ fd, name, path, host, port }) => ({ fd, name, address: path ?? `${host}:${port}` })),
        ...strange.map((each) => ({ ...each, address: null })),
      ];
    },
  };
}

/** Those that a thread which has ended has taken along: only systemd has them now, and nobody accepts what comes. */
export function lostDoors(texts: readonly string[]): string[] {
  return texts.filter((text) => passedAt(text).some((socket) => !isStillThere(socket)));
}

/** Doors that more threads serve than systemd has passed sockets for. */
export function narrowDoors(texts: readonly string[], threads: number): { address: string; sockets: number }[] {
  return texts
    .map((address) => ({ address, sockets: passedAt(address).length }))
    .filter(({ sockets }) => sockets > 0 && sockets < threads);
}

function passedAt(text: string): ReturnType<typeof passedSockets.at> {
  const address = parseAddress(text, { host: '' });
  return address.kind === 'invalid' ? [] : passedSockets.at(address);
}

function listeningAt({ gateway, egress, admin, metrics, tunnels, process: { node } }: Config): string[] {
  const others = [admin.listen, metrics.listen, tunnels.server.enabled ? tunnels.server.listen : null, node?.listen];
  return [...gateway.listen.map(({ address }) => address), ...egress.listen, ...others].filter(
    (text) => text !== null && text !== undefined,
  );
}

export interface Inheritance {
  /** Of what is passed on from descriptor 3 on. */
  readonly fds: readonly number[];
  readonly env: Readonly<Record<string, string>>;
}

/** For a process that takes our place; its LISTEN_PID only itself can know. */
export function passedOn(): Inheritance {
  const open = passedSockets.all.filter(isStillThere);
  if (open.length === 0) return { fds: [], env: {} };
  const names = open.map(({ name }) => name).join(':');
  return { fds: open.map(({ fd }) => fd), env: { LISTEN_FDS: String(open.length), LISTEN_FDNAMES: names } };
}

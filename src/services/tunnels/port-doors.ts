// The ports that are open here for TCP tunnels: those of this node's clients, and those whose visitors are brought to other nodes. Rule: a port is
// opened once, whoever asks for it; while both want it those who come are this node's own, and it stays open from one to the other.
import type net from 'node:net';
import { Acceptor } from '../../transport/accept.ts';

/** Whose visitors they are: those of a client that is here, or those that go on to another node. */
export type PortUse = 'own' | 'passing';

export type PortTaker = (socket: net.Socket) => void;

export interface PortPlace {
  readonly port: number;
  readonly host: string;
}

interface PortDoor {
  readonly host: string;
  readonly acceptor: Acceptor;
  readonly opened: Promise<void>;
  own: PortTaker | null;
  passing: PortTaker | null;
}

export class PortDoors {
  readonly #doors = new Map<number, PortDoor>();

  /** Rejects with the system's own error when the port cannot be had. */
  async open(place: PortPlace, use: PortUse, take: PortTaker): Promise<void> {
    const door = this.#doorAt(place);
    door[use] = take;
    try {
      await door.opened;
    } catch (error) {
      if (this.#doors.get(place.port) === door) this.#doors.delete(place.port);
      throw error;
    }
  }

  /** Whoever has taken it over meanwhile keeps it. */
  leave(port: number, use: PortUse, take: PortTaker): void {
    const door = this.#doors.get(port);
    if (door === undefined || door[use] !== take) return;
    door[use] = null;
    if (door.own === null && door.passing === null) this.#close(port, door);
  }

  #doorAt({ port, host }: PortPlace): PortDoor {
    const known = this.#doors.get(port);
    if (known?.host === host) return known;
    if (known !== undefined) this.#close(port, known);
    const acceptor = new Acceptor({ address: { host, port }, onSocket: (socket) => came(door, socket) });
    const door: PortDoor = { host, acceptor, opened: acceptor.listen(), own: null, passing: null };
    this.#doors.set(port, door);
    return door;
  }

  #close(port: number, door: PortDoor): void {
    this.#doors.delete(port);
    const stop = (): void => void door.acceptor.stop();
    stop();
    // It may be about to be opened.
    door.opened.then(stop, () => {});
  }
}

function came({ own, passing }: PortDoor, socket: net.Socket): void {
  const take = own ?? passing;
  if (take !== null) take(socket);
  else {
    socket.on('error', () => {});
    socket.resetAndDestroy();
  }
}

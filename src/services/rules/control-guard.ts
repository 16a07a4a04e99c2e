// Keeps the doors of the control plane from being reached through the others: whatever a backend, a tunnel or a name leads to. Rule: it judges
// where a connection really goes, so that no spelling and no resolver gets round it.
import { SluiceError } from '../../core/errors.ts';
import { destinationOf } from './destination.ts';
import { type DoorAddress, type Machine, OwnDoors } from './own-doors.ts';

const MESSAGE = 'This is a door of the control plane of this Sluice: nobody gets there through it.';

export class ControlGuard {
  readonly #doors: OwnDoors;
  #paths: ReadonlySet<string> = new Set();

  constructor(machine?: Machine) {
    this.#doors = new OwnDoors([], machine);
  }

  /** `paths`: of unix sockets. */
  replace(doors: readonly DoorAddress[], paths: readonly string[] = []): void {
    this.#doors.replace(doors);
    this.#paths = new Set(paths);
  }

  /** Asked with a name or an address before it is resolved, and with every address that it is resolved to; null: it may. */
  refusalOf(host: string, port: number): SluiceError | null {
    const destination = destinationOf(host.replace(/%.*$/, ''));
    return destination !== null && this.#doors.includes(destination, port) ? refusal() : null;
  }

  refusalOfPath(path: string): SluiceError | null {
    return this.#paths.has(path) ? refusal() : null;
  }
}

function refusal(): SluiceError {
  return new SluiceError('destination_denied', { message: MESSAGE });
}

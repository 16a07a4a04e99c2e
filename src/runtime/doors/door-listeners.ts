// The listeners of one door: those that a configuration wants, opened, changed and let go. Rule: a listener whose address stays
// is never closed and opened again; until a plan is committed, nothing that was open before has changed.
import { parseAddress } from '../../core/address.ts';
import type { Listener } from '../../contract/listener.ts';
import type { ListenAddress } from '../../transport/accept.ts';
import type { DoorName, DoorStatus } from './door.ts';
import { listenError } from './listen-error.ts';
import { type BoundPorts, portKey } from '../threads/worker-messages.ts';

/** A listener that may behave differently without being opened again. */
export interface ConfigurableListener<S> extends Listener {
  configure(settings: S): void;
}

export interface WantedListener<S> {
  /** As it stands in the configuration. */
  readonly address: string;
  readonly settings: S;
}

interface PlannedListener<S> extends WantedListener<S> {
  readonly listener: ConfigurableListener<S>;
}

export interface ListenerPlan<S> {
  /** In the order of the configuration. */
  readonly listeners: readonly PlannedListener<S>[];
  /** Those of them that are not open yet. */
  readonly fresh: readonly PlannedListener<S>[];
}

export interface DoorListenersOptions<S> {
  readonly door: DoorName;
  /** The key of the configuration that the addresses come from. */
  readonly key: string;
  /** `entrance` is the address as it stands in the configuration. */
  readonly create: (address: ListenAddress, settings: S, entrance: string) => ConfigurableListener<S>;
}

export class DoorListeners<S> {
  private readonly options: DoorListenersOptions<S>;
  private open: readonly PlannedListener<S>[] = [];

  constructor(options: DoorListenersOptions<S>) {
    this.options = options;
  }

  plan(wanted: readonly WantedListener<S>[], ports: BoundPorts): ListenerPlan<S> {
    const listeners = wanted.map(({ address, settings }): PlannedListener<S> => {
      const known = this.open.find((each) => each.address === address)?.listener;
      const listener = known ?? this.options.create(this.addressOf(address, ports), settings, address);
      return { address, settings, listener };
    });
    return { listeners, fresh: listeners.filter(({ listener }) => !this.isOpen(listener)) };
  }

  /** Opens what is new; rejects with a message that names the key when one cannot be opened. */
  async start({ fresh }: ListenerPlan<S>): Promise<void> {
    for (const { address, listener } of fresh) {
      try {
        await listener.start();
      } catch (cause) {
        throw listenError(this.options.key, address, cause);
      }
    }
  }

  /** The plan will not be carried out. */
  abandon({ fresh }: ListenerPlan<S>): void {
    for (const { listener } of fresh) listener.stop();
  }

  commit({ listeners, fresh }: ListenerPlan<S>): void {
    for (const planned of listeners) if (!fresh.includes(planned)) planned.listener.configure(planned.settings);
    const kept = new Set(listeners.map(({ listener }) => listener));
    for (const { listener } of this.open) if (!kept.has(listener)) listener.stop();
    this.open = listeners;
  }

  stop(): void {
    for (const { listener } of this.open) listener.stop();
  }

  get openConnections(): number {
    return this.open.reduce((sum, { listener }) => sum + listener.connections, 0);
  }

  status(): DoorStatus[] {
    return this.open.map(({ listener }) => {
      return { name: this.options.door, address: listener.url, openConnections: listener.connections };
    });
  }

  private addressOf(text: string, ports: BoundPorts): ListenAddress {
    const address = parseAddress(text, { host: '' });
    if (address.kind === 'unix') return { path: address.path };
    if (address.kind === 'invalid') throw new Error(`${text} is not an address: ${address.reason}`);
    const port = ports[portKey(this.options.key, text)] ?? address.port;
    return { host: address.host === '' ? '::' : address.host, port };
  }

  private isOpen(listener: ConfigurableListener<S>): boolean {
    return this.open.some((each) => each.listener === listener);
  }
}

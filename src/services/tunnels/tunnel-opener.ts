// The tunnels that one client asks for, and what it is told of each. Rule: every wish has exactly one answer, in the order in which they
// were made.
import type { Buffer } from 'node:buffer';
import { type ClientMessage, message } from '../../codec/tunnel/messages.ts';
import type { SessionHost } from './session-host.ts';
import { readWish, type TcpWishParts } from './tcp-tunnels.ts';
import { spelled } from './tunnel-hostnames.ts';
import type { TunnelLink } from './tunnel-link.ts';
import { isTunnelName } from './tunnel-names.ts';
import type { Claim } from './tunnel-registry.ts';

export type TunnelCreate = Extract<ClientMessage, { type: 'TunnelCreate' }>;

/** The session that asks. */
export interface OpenerSeat extends TunnelLink {
  readonly tlsTunnels: Map<string, TcpWishParts>;
  tell(bytes: Buffer): void;
  /** It may be about to ask for another one. */
  settleLater(): void;
  /** It has yet to be told of a tunnel, and knows nothing of requests for it until then. */
  holdStreams(): void;
  letStreamsGo(): void;
}

interface Given {
  /** The local server ends TLS itself, and these are its wishes. */
  readonly tls?: TcpWishParts;
  /** It was asked for as a path, and is called so. */
  readonly isPath?: boolean;
}

type TellableGiven = { readonly [K in keyof Given]: Given[K] | undefined };

const HTTP: Given = {};
/** What clients that ask for a path know of the same. */
const OF_PATHS: Readonly<Record<string, string>> = {
  SUBDOMAIN_UNAVAILABLE: 'PATH_TAKEN',
  POOL_EXHAUSTED: 'PATH_LIMIT',
};

export class TunnelOpener {
  readonly #host: SessionHost;
  readonly #seat: OpenerSeat;
  /** Answers that wait for what other nodes say. */
  #waiting = 0;
  #answers: Promise<void> = Promise.resolve();

  constructor(host: SessionHost, seat: OpenerSeat) {
    this.#host = host;
    this.#seat = seat;
  }

  create(asked: TunnelCreate): void {
    const { protocol, subdomain, path, hostname, group: shares } = asked;
    const [session, { registry }] = [this.#seat, this.#host];
    session.settleLater();
    if (protocol === 'tcp') void this.#openTcp(asked);
    else if (protocol === 'tls') this.#openTls(asked);
    else if (protocol !== 'http') this.#refuse('UNSUPPORTED_PROTOCOL', 'this server knows http and tcp');
    else if (hostname !== null)
      this.#claimed(registry.claimHostname(spelled(hostname), session.account, { session, shares }));
    else if (path !== null) this.#openPath(path, shares);
    else this.#claimed(registry.claim(subdomain === '' ? null : subdomain, session.account, { session, shares }));
  }

  /** What was a path once is an id below the domain now, like any other name; clients that come back still say it as a path. */
  #openPath(path: string, shares: boolean): void {
    const id = path.replace(/^\/+|\/+$/g, '').toLowerCase();
    if (id !== '' && !isTunnelName(id)) {
      this.#refuse('INVALID_PATH', 'an id has 3 to 63 letters, digits and "-", and may not be reserved');
      return;
    }
    const session = this.#seat;
    const claimed = this.#host.registry.claim(id === '' ? null : id, session.account, { session, shares });
    if ('refused' in claimed) this.#refuse(OF_PATHS[claimed.refused] ?? claimed.refused, claimed.why);
    else this.#claimed(claimed, { isPath: true });
  }

  #claimed(claimed: Claim, { tls, isPath = false }: Given = HTTP): void {
    if ('refused' in claimed) {
      this.#inTurn(() => this.#refuse(claimed.refused, claimed.why));
      return;
    }
    const { name } = claimed;
    if (tls === undefined) this.#seat.tlsTunnels.delete(name);
    else this.#seat.tlsTunnels.set(name, tls);
    const confirmed = this.#host.confirm?.(name) ?? null;
    this.#inTurn(
      (isOurs) => (isOurs ? this.#given(claimed, { tls, isPath }) : this.#refuseTaken(name, isPath)),
      confirmed,
    );
  }

  /** At once, unless there is something to wait for. */
  #inTurn(answer: (isOurs: boolean) => void, confirmed: Promise<boolean> | null = null): void {
    if (confirmed === null && this.#waiting === 0) {
      answer(true);
      return;
    }
    this.#waiting += 1;
    this.#seat.holdStreams();
    this.#answers = this.#answers.then(async () => {
      const isOurs = confirmed === null || (await confirmed);
      this.#waiting -= 1;
      if (!this.#seat.isOpen) return;
      this.#seat.settleLater();
      answer(isOurs);
      if (this.#waiting === 0) this.#seat.letStreamsGo();
    });
  }

  #refuseTaken(name: string, isPath: boolean): void {
    this.#seat.tlsTunnels.delete(name);
    this.#refuse(isPath ? 'PATH_TAKEN' : 'SUBDOMAIN_UNAVAILABLE', `${name} belongs to another account`);
  }

  #given(claimed: Extract<Claim, { name: string }>, { tls, isPath = false }: TellableGiven): void {
    const { name } = claimed;
    this.#host.note(claimed.again ? 'recreated' : 'created', this.#seat);
    const url = tls === undefined ? this.#host.urlOf(name) : (this.#host.tlsUrlOf(name) ?? '');
    this.#seat.tell(message('TunnelCreated', { url, subdomain: name, path: isPath ? name : undefined }));
  }

  /** A name like one of HTTP, whose visitors go through as they are. */
  #openTls({ subdomain, proxyProtocol, allow }: TunnelCreate): void {
    const session = this.#seat;
    const tls = readWish({ proxyProtocol, allow });
    if (this.#host.tlsUrlOf('') === null) this.#refuse('UNSUPPORTED_PROTOCOL', 'this server has no tunnels of TLS');
    else if ('refused' in tls) this.#refuse(tls.refused, tls.why);
    else {
      const wanted = subdomain === '' ? null : subdomain;
      this.#claimed(this.#host.registry.claim(wanted, session.account, { session, shares: false }), { tls });
    }
  }

  async #openTcp({ remotePort: port, proxyProtocol, allow }: TunnelCreate): Promise<void> {
    const session = this.#seat;
    const opened = await this.#host.openTcp({ port, proxyProtocol, allow }, session);
    if (!session.isOpen) return;
    session.settleLater();
    if ('refused' in opened) {
      this.#refuse(opened.refused, opened.why);
      return;
    }
    this.#host.note('created', session);
    const { url, name: subdomain, port: remotePort } = opened;
    session.tell(message('TunnelCreated', { url, subdomain, remote_port: remotePort }));
  }

  #refuse(code: string, why: string): void {
    this.#seat.tell(message('Error', { code, message: why }));
  }
}

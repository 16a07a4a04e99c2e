// Takes exchanges to the client of a tunnel on whatever node it is. Rule: one client that is here is served here, whatever the directory knows; an
// exchange goes to one other node at most, which serves its own clients and sends nothing on.
import type { Exchange } from '../../contract/exchange.ts';
import type { AnswerTarget, ForwardTarget, Origin, OriginTls } from '../../contract/target.ts';
import type { Policy } from '../../contract/policy.ts';
import { parseAddress } from '../../core/address.ts';
import { ERROR_CATALOGUE } from '../../core/errors.ts';
import type { TunnelDirectory, TunnelPlace } from '../../services/tunnels/tunnel-directory.ts';
import { TUNNEL_FIELD } from '../../services/tunnels/tunnel-names.ts';
import type { TunnelRegistry } from '../../services/tunnels/tunnel-registry.ts';
import { GroupNodes } from './group-nodes.ts';
import { refuseTunnel } from './no-tunnel.ts';
import { tunnel, visitorOf } from './tunnel.ts';

export type Places = Pick<TunnelDirectory, 'find' | 'lookUp' | 'doubt' | 'next' | 'heldFor'>;

export interface TunnelOfNodesOptions {
  readonly registry: TunnelRegistry;
  readonly places: Places;
  /** The id of this node. */
  readonly node: string;
  /** An exchange goes to another node. */
  readonly sent: () => void;
}

/** The client is not there (any more): nothing was done (RFC 9110, 15.5.20). */
export const MISSED: number = 421;
/** Says that it is the node that answers so, and not an app. */
export const MISSED_FIELD: string = 'sluice-tunnel-missed';
/** A client that has lost its node is connected to another one within that time. */
const ON_ITS_WAY_MS = 10_000;
/** Twice on a connection that breaks, and then on the next node, which may be asked twice as well. */
export const MOST_ATTEMPTS = 4;
/** So much of a body is kept for another node. */
export const KEPT_BYTES: number = 64 * 1024;
/** Nodes that have gone leave theirs behind. */
const MOST_ORIGINS = 1_000;
/** How another node is reached within TLS is proved by the secret. */
const ANY_CERTIFICATE: OriginTls = { serverName: null, ca: null, certificate: null, verify: false };
const TLS_SCHEME = 'tls://';

export class TunnelOfNodes implements ForwardTarget {
  readonly kind = 'forward';
  readonly maxAttempts: number = MOST_ATTEMPTS;
  readonly retryStatuses: readonly number[] = [MISSED];
  readonly resendsBodies: { readonly bytes: number } = { bytes: KEPT_BYTES };
  readonly #options: TunnelOfNodesOptions;
  readonly #here: AnswerTarget;
  readonly #group = new GroupNodes();
  readonly #origins = new Map<string, Origin>();
  /** Which of its questions an exchange waits for. */
  readonly #asked = new Map<Exchange, object>();

  constructor(options: TunnelOfNodesOptions) {
    this.#options = options;
    this.#here = tunnel(options.registry);
  }

  answers(exchange: Exchange): boolean {
    const { registry } = this.#options;
    const name = nameOf(exchange);
    if (!registry.isOnline(name)) return false;
    if (registry.groupOf(name) !== null && !this.#isChosen(exchange, name)) return false;
    this.#here.take(exchange);
    return true;
  }

  select(exchange: Exchange, tried: readonly Origin[]): Origin | Promise<Origin | null> {
    const { places, sent } = this.#options;
    const place = places.find(nameOf(exchange));
    if (place?.members !== undefined) return this.#selectMember(exchange, place, tried);
    if (place === undefined || place === null || place.isHere || place.address === '')
      return this.#ask(exchange, tried);
    if (tried.length > 0) {
      places.doubt(place);
      return this.#ask(exchange, tried);
    }
    sent();
    return this.#originOf(place);
  }

  async #ask(exchange: Exchange, tried: readonly Origin[]): Promise<Origin | null> {
    const { places, registry, sent } = this.#options;
    const name = nameOf(exchange);
    const question = {};
    this.#asked.set(exchange, question);
    const known = await places.lookUp(name);
    const origin = known === null ? null : await this.#reached(exchange, known, tried);
    const isOffline = known !== null || registry.find(name).kind === 'offline';
    const isKnown = isOffline || (await places.heldFor(name).catch(() => null)) !== null;
    if (this.#asked.get(exchange) !== question) return null;
    this.#asked.delete(exchange);
    if (origin !== null) {
      sent();
      return origin;
    }
    refuseTunnel(exchange, isKnown ? 'tunnel_offline' : 'tunnel_unknown');
    return null;
  }

  /** A client that is not where it was, without having left, is on its way; nothing of the request has come to an app. */
  async #reached(exchange: Exchange, known: TunnelPlace, tried: readonly Origin[]): Promise<Origin | null> {
    const { places, registry } = this.#options;
    if (known.members !== undefined) {
      const origin = this.#originFor(exchange, known, tried);
      return origin ?? this.#originFor(exchange, await places.next(known, ON_ITS_WAY_MS), tried, true);
    }
    const isLost = known.isHere ? !registry.isOnline(known.name) : tried.includes(this.#originOf(known));
    return this.#originFor(exchange, isLost ? await places.next(known, ON_ITS_WAY_MS) : known, tried);
  }

  /** Of those who share a name one that is here has its turn. */
  #isChosen(exchange: Exchange, name: string): boolean {
    const { places, node } = this.#options;
    const members = places.find(name)?.members ?? [];
    if (members.length < 2) return true;
    return this.#group.choose(members, { key: this.#keyOf(exchange), mayBe: () => true })?.node === node;
  }

  #selectMember(exchange: Exchange, place: TunnelPlace, tried: readonly Origin[]): Origin | Promise<Origin | null> {
    const failed = place.members?.find(({ address }) => tried.at(-1) === this.#origins.get(address));
    if (tried.length > 0 && failed !== undefined) this.#group.avoid(failed.address);
    const origin = this.#originFor(exchange, place, tried);
    if (origin === null) {
      this.#options.places.doubt(place);
      return this.#ask(exchange, tried);
    }
    this.#options.sent();
    return origin;
  }

  /** `isLate`: some may have come here meanwhile. */
  #originFor(exchange: Exchange, place: TunnelPlace | null, tried: readonly Origin[], isLate = false): Origin | null {
    if (place?.members === undefined) return place === null || place.address === '' ? null : this.#originOf(place);
    const { node, registry } = this.#options;
    // Whoever is here has had no turn, and gets one when others have failed: by the door for nodes, as for everybody.
    const mayBeHere = (isLate || tried.length > 0) && registry.isOnline(place.name);
    const chosen = this.#group.choose(place.members, {
      key: this.#keyOf(exchange),
      mayBe: (member) =>
        (member.node !== node || mayBeHere) && !tried.some((origin) => origin === this.#origins.get(member.address)),
    });
    return chosen === null ? null : this.#originOf(chosen);
  }

  #keyOf(exchange: Exchange): string | null {
    return this.#options.registry.isSticky ? visitorOf(exchange) : null;
  }

  leave(exchange: Exchange): void {
    this.#asked.delete(exchange);
  }

  mayDoBetter({ response }: Exchange): boolean {
    return response.fields.has(MISSED_FIELD);
  }

  #originOf({ address }: Pick<TunnelPlace, 'address'>): Origin {
    const known = this.#origins.get(address);
    if (known !== undefined) return known;
    const [oldest] = this.#origins.keys();
    if (this.#origins.size >= MOST_ORIGINS && oldest !== undefined) this.#origins.delete(oldest);
    // The gateway has said whose request it is.
    const origin = { ...nodeAt(address), isTransparent: true };
    this.#origins.set(address, origin);
    return origin;
  }
}

/** For what other nodes bring: who is connected here, and nobody else. */
export function tunnelOfThisNode(registry: TunnelRegistry): AnswerTarget {
  const missed = { status: MISSED, field: MISSED_FIELD };
  const here = tunnel(registry, missed);
  const take = (exchange: Exchange): void => {
    const name = nameOf(exchange);
    if (registry.isOnline(name)) here.take(exchange);
    else refuseTunnel(exchange, 'tunnel_offline', missed);
  };
  return { ...here, take };
}

/** What another node says to this one is none of the visitor's business. */
export const hidesMisses: Policy = {
  name: 'tunnel-misses',
  response: ({ response }) => {
    if (response.status !== MISSED || !response.fields.has(MISSED_FIELD)) return;
    response.fields.remove(MISSED_FIELD);
    response.status = ERROR_CATALOGUE.tunnel_offline.status;
  },
};

/** How others are told of a door: its host and port, and whether TLS is spoken there. */
export function spokenAddress(hostAndPort: string, isTls: boolean): string {
  return isTls ? `${TLS_SCHEME}${hostAndPort}` : hostAndPort;
}

/** The same without how it is spoken to, for people. */
export function spokenName(spoken: string): string {
  return spoken.startsWith(TLS_SCHEME) ? spoken.slice(TLS_SCHEME.length) : spoken;
}

export function nodeAt(spoken: string): Origin {
  const isTls = spoken.startsWith(TLS_SCHEME);
  const place = parseAddress(spokenName(spoken));
  const { host, port } = place.kind === 'tcp' ? place : { host: 'invalid.', port: 0 };
  return {
    name: `node ${spoken}`,
    label: 'nodes',
    host,
    port,
    path: null,
    tls: isTls ? ANY_CERTIFICATE : null,
    hostField: null,
    protocol: 'http1',
    pathPrefix: '',
    maxConnections: 0,
    proxyProtocol: null,
    dialler: null,
    isProxy: false,
  };
}

function nameOf({ request }: Exchange): string {
  return request.fields.get(TUNNEL_FIELD) ?? '';
}

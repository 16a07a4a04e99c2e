// The control connection of a client of the generation 2.x, and the proxy sockets that it opens when it is asked to. Rule: a client has as
// many of them as its pool of connections holds and no more, for it fails by one that is too many; requests wait for one that is free.
import { CLOSE_CODE } from '../../codec/websocket/close-codes.ts';
import type { Buffer } from 'node:buffer';
import { hash, randomBytes } from 'node:crypto';
import type { MsgpackValue } from '../../codec/msgpack/write-msgpack.ts';
import {
  legacyMessage,
  type LegacyMessage,
  legacyRequest,
  type LegacyTunnelWish,
  MAX_LEGACY_MESSAGE_BYTES,
  readLegacyMessage,
} from '../../codec/tunnel/legacy-messages.ts';
import type { StreamOpenFields } from '../../codec/tunnel/messages.ts';
import { OPCODE_OF } from '../../codec/websocket/frame-reader.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import type { AccountMeter } from './account-meter.ts';
import { spelled } from './tunnel-hostnames.ts';
import type { Claim } from './tunnel-registry.ts';
import type { LegacyClient, LegacySocket } from './legacy-link.ts';
import { LegacyStream, type LegacyStreamOwner } from './legacy-stream.ts';
import type { LinkStream, TunnelLink } from './tunnel-link.ts';
import type { Admission, SessionHost } from './session-host.ts';
import type { StreamEvents } from './tunnel-stream.ts';
import type { WebSocketPeer } from './web-socket-peer.ts';

export interface LegacySessionOptions {
  readonly peer: WebSocketPeer;
  readonly host: SessionHost;
  readonly remoteAddress: string;
  /** From the Authorization of the request; null: there was none. */
  readonly bearer: string | null;
}

/** Before it is known whose token it was. */
const MOST_WAITING = 64;
const HANDSHAKE_MS = 20_000;
const HEARTBEAT_MS = 20_000;
const MOST_MISSED = 3;
const MAX_STREAMS = 256;
/** The client has a pool of 50 connections to one host, of which the control connection is one. */
const MAX_PROXIES = 49;
/** The client gives up opening one after 10 s. */
const ASKED_MS = 12_000;
const QUEUED_MS = 20_000;
const LOOK_MS = 2_000;
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_CONTROL_BYTES = 64 * 1024;

const NOBODY: Admission = { refused: 'UNAUTHORIZED', why: 'a token is needed' };

interface LegacyTunnel {
  /** By which the client finds its tunnel; it stays the same for this account and name, and is part of no other. */
  readonly id: string;
  readonly basicAuth: string | null;
}

export class LegacySession implements TunnelLink, LegacyClient, LegacyStreamOwner {
  readonly names: Set<string> = new Set();
  readonly openedAtMs: number = Date.now();
  readonly version = 0;
  readonly maxBodyBytes: number = MAX_BODY_BYTES;
  readonly needsWholeBodies: boolean = true;
  readonly takesWebSockets: boolean = false;
  readonly gathersAnswers: boolean = true;
  readonly remoteAddress: string;
  /** Known to nobody who has not signed in. */
  readonly clientId: string = randomBytes(16).toString('hex');
  account = '';
  /** Of its account; null until that is known. */
  meter: AccountMeter | null = null;
  bytesIn = 0;
  bytesOut = 0;
  streamsOpened = 0;
  roundTripMs: number | null = null;
  readonly #peer: WebSocketPeer;
  readonly #host: SessionHost;
  readonly #bearer: string | null;
  readonly #tunnels = new Map<string, LegacyTunnel>();
  readonly #streams = new Set<LegacyStream>();
  #queue: LegacyStream[] = [];
  readonly #proxies = new Set<LegacySocket>();
  #idle: LegacySocket[] = [];
  /** When each of those that have not come yet was asked for. */
  #askedAtMs: number[] = [];
  readonly #deadline = new Deadline(() => this.#beat());
  readonly #looking = new Deadline(() => this.#look());
  #state: 'new' | 'open' | 'closed' = 'new';
  /** What has come while its token is being asked for; null: it is not. */
  #waiting: LegacyMessage[] | null = null;
  #drains = false;
  #heard = true;
  #missed = 0;
  #beatAtMs = 0;

  constructor({ peer, host, remoteAddress, bearer }: LegacySessionOptions) {
    this.#peer = peer;
    this.#host = host;
    this.#bearer = bearer;
    this.remoteAddress = remoteAddress;
    wheel.arm(this.#deadline, HANDSHAKE_MS);
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  open(request: Omit<StreamOpenFields, 'streamId'>, body: Buffer | null, events: StreamEvents): LinkStream | null {
    if (this.#state !== 'open' || this.#streams.size >= MAX_STREAMS) return null;
    const { method, path: target, headers } = request;
    const message = legacyRequest({ method, target, headers, body });
    const stream = new LegacyStream(this, { request, message }, events);
    this.#streams.add(stream);
    this.streamsOpened += 1;
    this.meter?.opened();
    const use = this.#host.registry.useOf(request.tunnelId);
    if (use !== null) use.streams += 1;
    this.#host.note('stream', this);
    const proxy = this.#idle.pop();
    if (message.length > MAX_LEGACY_MESSAGE_BYTES) stream.failed('large', 'the client takes no request of this size');
    else if (proxy !== undefined) this.#start(proxy, stream);
    else {
      this.#queue.push(stream);
      this.#ask();
    }
    return stream;
  }

  basicAuthOf(name: string): string | null {
    return this.#tunnels.get(name)?.basicAuth ?? null;
  }

  /** It stays: such a client would come back at once and take the name again. */
  replaced(name: string): void {
    this.names.delete(name);
    this.#tunnels.delete(name);
  }

  removed(name: string): void {
    this.replaced(name);
    if (this.names.size === 0) this.close(CLOSE_CODE.policyViolation, `${name} was removed`);
  }

  /** It is closed when nothing runs any more, and comes back by itself. */
  drain(_reason: string, graceMs: number): void {
    if (this.#state !== 'open' || this.#drains) return;
    this.#drains = true;
    wheel.arm(this.#deadline, Math.max(1, graceMs));
    this.#leaveIfDone();
  }

  #leaveIfDone(): void {
    if (this.#drains && this.#streams.size === 0) this.close(CLOSE_CODE.serviceRestart, 'drained');
  }

  close(code: number = CLOSE_CODE.goingAway, reason = 'the server is going away'): void {
    this.#peer.close(code, reason);
    this.closed();
  }

  counted(direction: 'in' | 'out', bytes: number): void {
    if (direction === 'in') this.bytesIn += bytes;
    else this.bytesOut += bytes;
    this.#host.counted(direction, bytes);
  }

  carried(name: string, direction: 'in' | 'out', bytes: number): void {
    this.counted(direction, bytes);
    this.meter?.add(bytes);
    const use = this.#host.registry.useOf(name);
    if (use === null) return;
    if (direction === 'in') use.bytesIn += bytes;
    else use.bytesOut += bytes;
  }

  // -- What the client says --------------------------------------------------------------------------------------------

  received(bytes: Buffer): void {
    this.#heard = true;
    this.counted('in', bytes.length);
    if (this.#state === 'closed') return;
    let said: LegacyMessage | null = null;
    try {
      if (bytes.length <= MAX_CONTROL_BYTES) said = readLegacyMessage(bytes);
    } catch {
      // As good as none.
    }
    if (said === null) this.#peer.close(CLOSE_CODE.protocolError, 'not a message');
    else this.#take(said);
  }

  /** Something has come, whatever it is. */
  heard(): void {
    this.#heard = true;
  }

  #take(said: LegacyMessage): void {
    if (this.#waiting !== null) this.#wait(said);
    else if (this.#state === 'new') this.#authenticate(said);
    else if (said.type === 'ReqTunnel') this.#create(said);
    else if (said.type === 'Ping') this.#say('Pong');
    else if (said.type === 'Pong') this.roundTripMs = performance.now() - this.#beatAtMs;
  }

  #authenticate(said: LegacyMessage): void {
    const token = said.type === 'Auth' && said.token !== '' ? said.token : this.#bearer;
    this.#waiting = [];
    const then = (admitted: Admission): void => this.#admitted(said, admitted);
    if (said.type === 'Auth' && token !== null) this.#host.admit(token, this.remoteAddress, then);
    else then(NOBODY);
  }

  /** Whose token that is has yet to be found out. */
  #wait(said: LegacyMessage): void {
    if ((this.#waiting?.push(said) ?? 0) > MOST_WAITING)
      this.#peer.close(CLOSE_CODE.policyViolation, 'wait for an answer');
  }

  #admitted(said: LegacyMessage, admitted: Admission): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    if (this.#state === 'closed') return;
    if ('refused' in admitted) {
      this.#host.note('refused', this);
      // By the words of the first one the client knows that it has to ask for another token.
      const isUnknown = admitted.refused === 'UNAUTHORIZED';
      this.#say('AuthResp', { Error: isUnknown ? 'Invalid auth token' : `${admitted.refused}: ${admitted.why}` });
      this.#peer.close(CLOSE_CODE.policyViolation, admitted.why);
      return;
    }
    this.meter = admitted.meter;
    this.account = admitted.meter.account;
    this.#state = 'open';
    this.#host.legacyClients.add(this);
    this.#host.note('opened', this);
    wheel.arm(this.#deadline, HEARTBEAT_MS);
    const { version, mmVersion } = said.type === 'Auth' ? said : { version: '', mmVersion: '' };
    this.#say('AuthResp', { ClientId: this.clientId, Version: version, MmVersion: mmVersion });
    for (const each of waiting) if (this.isOpen) this.#take(each);
  }

  #create(wish: LegacyTunnelWish): void {
    const { protocol, hostname, subdomain } = wish;
    if (protocol === 'tcp') this.#refuse(wish, 'TCP_DISABLED', 'this client cannot carry TCP; a newer one can');
    else if (protocol !== 'http') this.#refuse(wish, 'UNSUPPORTED_PROTOCOL', 'this server knows http');
    else this.#claimed(wish, this.#claim(hostname, subdomain));
  }

  #claim(hostname: string, subdomain: string): Claim {
    const { registry } = this.#host;
    const claimant = { session: this, shares: false };
    if (hostname !== '') return registry.claimHostname(spelled(hostname), this.account, claimant);
    return registry.claim(subdomain === '' ? null : subdomain, this.account, claimant);
  }

  #claimed(wish: LegacyTunnelWish, claimed: Claim): void {
    if ('refused' in claimed) {
      this.#refuse(wish, claimed.refused, claimed.why);
      return;
    }
    const { name } = claimed;
    const id = hash('sha256', `${this.account}\n${name}`, 'hex').slice(0, 40);
    this.#tunnels.set(name, { id, basicAuth: wish.httpAuth === '' ? null : wish.httpAuth });
    this.#host.note(claimed.again ? 'recreated' : 'created', this);
    const url = shownUrl(this.#host.urlOf(name));
    this.#say('NewTunnel', { ReqId: wish.reqId, Url: url, Protocol: 'http', Subdomain: name, TunnelId: id });
  }

  /** In the spelling that the client reads. */
  #refuse({ reqId }: LegacyTunnelWish, code: string, why: string): void {
    this.#say('ErrorResp', { ReqId: reqId, error_code: code, message: why });
  }

  // -- Its proxy sockets -----------------------------------------------------------------------------------------------

  joined(proxy: LegacySocket): void {
    this.#askedAtMs.shift();
    if (this.#state !== 'open' || this.#proxies.size >= MAX_PROXIES) {
      proxy.close(CLOSE_CODE.policyViolation, 'there are as many proxy sockets as may be');
      return;
    }
    this.#proxies.add(proxy);
    this.isFree(proxy);
  }

  isFree(proxy: LegacySocket): void {
    if (!this.#proxies.has(proxy)) return;
    const stream = this.#queue.shift();
    if (stream === undefined) this.#idle.push(proxy);
    else this.#start(proxy, stream);
  }

  lost(proxy: LegacySocket): void {
    this.#proxies.delete(proxy);
    this.#idle = this.#idle.filter((each) => each !== proxy);
    this.#ask();
  }

  left(stream: LegacyStream): void {
    if (this.#streams.delete(stream)) this.meter?.left();
    if (stream.proxy === null) this.#queue = this.#queue.filter((each) => each !== stream);
    this.#leaveIfDone();
  }

  #start(proxy: LegacySocket, stream: LegacyStream): void {
    const { tunnelId: name, headers } = stream.request;
    const valueOf = (field: string): string => headers.find(([each]) => each.toLowerCase() === field)?.[1] ?? '';
    proxy.start(stream, {
      url: `${this.#host.urlOf(name)}/${this.#tunnels.get(name)?.id ?? ''}`,
      clientAddress: valueOf('x-forwarded-for').split(',').at(-1)?.trim() ?? '',
      requestId: valueOf('x-request-id'),
      base: shownUrl(this.#host.urlOf(name)).replace(/\/$/, ''),
    });
  }

  #ask(): void {
    if (this.#state !== 'open') return;
    while (this.#askedAtMs.length < this.#queue.length && this.#proxies.size + this.#askedAtMs.length < MAX_PROXIES) {
      this.#askedAtMs.push(performance.now());
      this.#say('ReqProxy');
    }
    if (this.#queue.length > 0 && !this.#looking.armed) wheel.arm(this.#looking, LOOK_MS);
  }

  /** Whoever has waited too long is told, and who did not come is asked again. */
  #look(): void {
    const now = performance.now();
    this.#askedAtMs = this.#askedAtMs.filter((atMs) => now - atMs < ASKED_MS);
    for (const stream of this.#queue.filter(({ sinceMs }) => now - sinceMs >= QUEUED_MS))
      stream.failed('busy', 'the client opened no connection for this request');
    this.#ask();
  }

  // -- The connection ----------------------------------------------------------------------------------------------------

  #say(type: string, fields: Readonly<Record<string, MsgpackValue>> = {}): void {
    const bytes = legacyMessage(type, fields);
    this.counted('out', bytes.length);
    this.#peer.send(OPCODE_OF.binary, true, bytes);
  }

  #beat(): void {
    if (this.#state === 'new') {
      this.#host.note('refused', this);
      this.#peer.close(CLOSE_CODE.policyViolation, 'no token came in time');
      return;
    }
    if (this.#drains) {
      this.close(CLOSE_CODE.serviceRestart, 'the server is going away');
      return;
    }
    this.#missed = this.#heard ? 0 : this.#missed + 1;
    this.#heard = false;
    if (this.#missed >= MOST_MISSED) {
      this.#peer.cut();
      return;
    }
    this.#beatAtMs = performance.now();
    this.#say('Ping');
    wheel.arm(this.#deadline, HEARTBEAT_MS);
  }

  closed(): void {
    wheel.release(this.#deadline);
    wheel.release(this.#looking);
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    if (!wasOpen) return;
    this.#host.legacyClients.delete(this);
    this.#host.registry.release(this);
    for (const stream of this.#streams) stream.failed('gone', 'the client of the tunnel has gone');
    for (const proxy of this.#proxies) proxy.close(CLOSE_CODE.goingAway, 'the client has gone');
    this.#host.note('closed', this);
  }
}

/** For a name of this machine in lower case the client would print an address of its own vendor. */
function shownUrl(url: string): string {
  return url.replace(/localhost/g, 'LOCALHOST');
}

// What stands on both sides of a local end of a tunnel: the stream of a visitor, and what is told to the tunnel server. Rule: all that was
// said is kept in order, in a few words.
import { Buffer } from 'node:buffer';
import { EventEmitter, once } from 'node:events';
import { readMsgpack, type MsgpackRead } from '../../src/codec/msgpack/read-msgpack.ts';
import type { StreamDataMessage } from '../../src/codec/tunnel/messages.ts';
import type { StreamOpenMessage } from '../../src/codec/tunnel/server-messages.ts';
import type { ExposedTunnel } from '../../src/services/tunnel-client/exposed-tunnel.ts';
import type { SentBytes, StreamPort } from '../../src/services/tunnel-client/stream-port.ts';

export function exposedTunnel(localPort: number, more: Partial<ExposedTunnel> = {}): ExposedTunnel {
  return {
    name: 'app',
    protocol: 'http',
    localHost: '127.0.0.1',
    localPort,
    subdomain: null,
    hostname: null,
    remotePort: null,
    proxyProtocol: null,
    allowed: [],
    hostHeader: `localhost:${localPort}`,
    auth: null,
    allow: [],
    requestFields: [],
    responseFields: [],
    ...more,
  };
}

export function openMessage(more: Partial<StreamOpenMessage> = {}): StreamOpenMessage {
  const headers = [['Host', 'app.example.test']] as const;
  const usual = { streamId: 1, tunnelId: 'app', path: '/', method: 'GET', hasBody: false, windowBytes: null } as const;
  return { type: 'StreamOpen', mode: 'http', headers, ...usual, ...more };
}

export function dataMessage(text: string, fin: boolean | null = null, wsType: 'text' | null = null): StreamDataMessage {
  return { type: 'StreamData', streamId: 1, data: Buffer.from(text), wsType, fin };
}

export class RecordingPort implements StreamPort {
  /** `head 200`, `data hello`, `close`, `close 4002 why`, `reset why`. */
  readonly said: string[] = [];
  keptBytes = 0;
  status = 0;
  takes = true;
  version = 2;
  takenBytes = 0;
  heldBytes = 0;
  readonly #told = new EventEmitter();

  sendHead(bytes: Buffer): void {
    const head = readMsgpack(bytes) as ReadonlyMap<string, MsgpackRead>;
    this.#say(`head ${head.get('status') as number}`);
  }

  sendData(bytes: Buffer, { from, to }: SentBytes): boolean {
    this.#say(`data ${bytes.toString('utf8', from, to)}`);
    return this.takes;
  }

  close(code: number | null, reason: string): void {
    this.#say(['close', code ?? '', reason].join(' ').trim());
  }

  reset(reason: string): void {
    this.#say(`reset ${reason}`);
  }

  endHalf(trailers: readonly (readonly [string, string])[]): void {
    this.#say(`end ${trailers.map(([name, value]) => `${name}=${value}`).join(' ')}`);
  }

  taken(bytes: number): void {
    this.takenBytes += bytes;
    this.#told.emit('told');
  }

  held(bytes: number): void {
    this.heldBytes += bytes;
  }

  freed(): void {
    this.taken(this.heldBytes);
    this.heldBytes = 0;
  }

  kept(change: number): void {
    this.keptBytes += change;
    this.#told.emit('told');
  }

  answered(status: number): void {
    this.status = status;
  }

  async until(condition: () => boolean): Promise<this> {
    while (!condition()) await once(this.#told, 'told');
    return this;
  }

  /** Resolves with all that was said when the stream has ended. */
  async ended(): Promise<readonly string[]> {
    await this.until(() => /^(?:close|reset)/.test(this.said.at(-1) ?? ''));
    return this.said;
  }

  #say(words: string): void {
    this.said.push(words);
    this.#told.emit('told');
  }
}

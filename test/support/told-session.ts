// A session of a tunnel that takes streams and writes down what they send.
import assert from 'node:assert/strict';
import type { LinkStream, TunnelLink } from '../../src/services/tunnels/tunnel-link.ts';
import type { StreamEvents } from '../../src/services/tunnels/tunnel-stream.ts';

export class ToldSession {
  readonly said: string[] = [];
  version = 2;
  isOpen = true;
  /** As many streams run as may. */
  isFull = false;
  /** The client takes more. */
  takes = true;
  events: StreamEvents | null = null;

  get session(): TunnelLink {
    const stream = {
      send: (
        _bytes: Buffer,
        { from, to, wsType, fin }: { from: number; to: number; wsType: string | null; fin: boolean },
      ) => {
        this.said.push(`data ${to - from} ${wsType} ${fin}`);
        return this.takes;
      },
      close: (code: number | null = null, reason = '') => this.said.push(`close ${code} ${reason}`),
      reset: () => this.said.push('reset'),
      resume: () => this.said.push('resume'),
    } as unknown as LinkStream;
    const open = (
      { mode, path }: { mode: string; path: string },
      body: Buffer | null,
      events: StreamEvents,
    ): LinkStream | null => {
      if (this.isFull) return null;
      this.said.push(`open ${mode} ${path} ${String(body)}`);
      this.events = events;
      return stream;
    };
    const { version, isOpen } = this;
    const can = {
      basicAuthOf: () => null,
      maxBodyBytes: 150_000,
      needsWholeBodies: version < 2,
      takesWebSockets: version > 0,
    };
    return { version, isOpen, ...can, open } as unknown as TunnelLink;
  }

  get app(): StreamEvents {
    return this.events ?? assert.fail('no stream was opened');
  }
}

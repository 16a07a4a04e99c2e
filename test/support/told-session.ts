// A session of a tunnel that takes streams and writes down what they send.
import assert from 'node:assert/strict';
import type { StreamEvents, TunnelStream } from '../../src/services/tunnels/tunnel-stream.ts';
import type { TunnelSession } from '../../src/services/tunnels/tunnel-session.ts';

export class ToldSession {
  readonly said: string[] = [];
  version = 2;
  isOpen = true;
  /** As many streams run as may. */
  isFull = false;
  /** The client takes more. */
  takes = true;
  events: StreamEvents | null = null;

  get session(): TunnelSession {
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
    } as unknown as TunnelStream;
    const open = (
      { mode, path }: { mode: string; path: string },
      body: Buffer | null,
      events: StreamEvents,
    ): TunnelStream | null => {
      if (this.isFull) return null;
      this.said.push(`open ${mode} ${path} ${String(body)}`);
      this.events = events;
      return stream;
    };
    return { version: this.version, isOpen: this.isOpen, open } as unknown as TunnelSession;
  }

  get app(): StreamEvents {
    return this.events ?? assert.fail('no stream was opened');
  }
}
